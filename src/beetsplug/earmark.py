"""A plug-in of beets: `beet earmark [QUERY]` fills the missing genre, initial key and tempo of a library.

The rules are those of `earmark tag`: what the library or a file says already stays, and what a model calls
unknown stays empty. Files are written by earmark's own writer, which changes these tags, no other byte, and
logs how to take it back.

    plugins: earmark
    earmark:
        genre: genre        # a bundle: its folder, an MLflow URI, or a name in the package; no for none
        key: key
        bpm: no             # tempo, where a pulse is clear
        genres: 1           # the most genres of a track
        strictness: ''      # or strict, balanced, eager
        workers: 0          # processes that listen; 0 for one per core
        cache: yes          # keep what is heard, as earmark does, and hear no file twice
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beets import config as beets_config
from beets import ui
from beets.exceptions import UserError
from beets.plugins import BeetsPlugin

if TYPE_CHECKING:
    from beets.library import Item, Library

    from earmark.apps.tags.library import Track
    from earmark.apps.tags.log import Log
    from earmark.apps.tags.proposal import Proposal

FIELDS = {"genre": "genres", "key": "initial_key", "bpm": "bpm"}
"""What beets calls each kind of tag."""


@dataclass(frozen=True)
class _Piece:
    item: Item
    track: Track


class EarmarkPlugin(BeetsPlugin):
    """The command `beet earmark`."""

    def __init__(self) -> None:
        super().__init__()
        what = {"genre": "genre", "key": "key", "bpm": False, "genres": 1}
        self.config.add({**what, "strictness": "", "workers": 0, "cache": True})

    def commands(self) -> list[ui.Subcommand]:
        """The commands of the plug-in."""
        command = ui.Subcommand("earmark", help="fill missing genre, initial key and tempo by listening")
        add = command.parser.add_option
        add("-p", "--pretend", action="store_true", help="show what would change, and change nothing")
        add("-w", "--write", action="store_true", default=None, help="write the tags of the files, too")
        add("-W", "--nowrite", action="store_false", dest="write", help="fill the library alone")
        for kind in ("genre", "key"):
            add(f"--{kind}", metavar="BUNDLE", help=f"the model for the {kind}, or no for none")
        add("--bpm", action="store_true", default=None, help="fill the tempo, too")
        command.func = self._run
        return [command]

    def _run(self, lib: Library, opts: Any, args: list[str]) -> None:
        from earmark.foundation.errors import EarmarkError

        try:
            self._fill(list(lib.items(args)), opts)
        except EarmarkError as error:
            raise UserError(f"earmark: {error}") from error

    def _fill(self, items: Sequence[Item], opts: Any) -> None:
        from earmark.apps.commands.model_option import bundle_folder, kept
        from earmark.apps.tags.library import hear
        from earmark.apps.tags.listeners import listeners_of
        from earmark.apps.tags.log import Log
        from earmark.apps.tags.proposal import Spelling, proposal
        from earmark.bundle import bundle_hash

        models = self._models(opts)
        bpm = self.config["bpm"].get(bool) if opts.bpm is None else opts.bpm
        kinds = [*models, *(["bpm"] if bpm else [])]
        how = Spelling(genres=self.config["genres"].get(int))
        strictness, workers = self.config["strictness"].as_str(), self.config["workers"].get(int)
        log = None
        if ui.should_write(opts.write) and not opts.pretend:
            log = Log(Path(beets_config.config_dir()) / f"earmark-{datetime.now():%Y-%m-%d-%H%M%S}.jsonl")
        with tempfile.TemporaryDirectory(prefix="earmark-") as scratch:
            folders = {}
            for kind, model in models.items():
                (Path(scratch) / kind).mkdir()
                folders[kind] = bundle_folder(model, Path(scratch) / kind)
            pieces = self._lacking(items, kinds)
            tracks = [piece.track for piece in pieces]
            cache = kept(self.config["cache"].get(bool))
            listeners = listeners_of(kinds, tracks, models, folders, strictness, cache)
            sources = {**{kind: bundle_hash(folder) for kind, folder in folders.items()}, "bpm": "tempo"}
            filled = unknown = 0
            for piece, (track, verdicts) in zip(pieces, hear(tracks, listeners, workers), strict=True):
                for error in {verdict.error for verdict in verdicts.values() if verdict.error}:
                    self._log.error("{}: {}", piece.item, error)
                proposed = proposal(track.has, verdicts, kinds, how)
                unknown += proposed.unknown
                if proposed.new and self._take(piece, proposed, sources, log, opts.pretend):
                    filled += 1
        verb = "would be filled" if opts.pretend else "filled"
        ui.print_(
            f"{filled} of {len(items)} tracks {verb}; {unknown} verdicts unknown; "
            f"{len(items) - len(pieces)} tracks with nothing missing"
        )
        if log is not None and log.path.exists():
            ui.print_(f"Take the tags of the files back: earmark tag --undo {log.path}; beet update")

    def _models(self, opts: Any) -> dict[str, str]:
        """The bundle of each kind that is wanted: of the command line, else of the configuration."""
        models = {}
        for kind in ("genre", "key"):
            stated = getattr(opts, kind)
            stated = self.config[kind].get() if stated is None else stated
            name = kind if stated is True else str(stated or "")
            if name and name != "no":
                models[kind] = name
        return models

    def _lacking(self, items: Sequence[Item], kinds: Sequence[str]) -> list[_Piece]:
        """The tracks of which neither the library nor the file says all that is wanted."""
        from earmark.apps.tags.library import Track
        from earmark.apps.tags.rewrite import read_tags
        from earmark.foundation.errors import PieceError
        from earmark.identify.inputs import Target

        pieces = []
        for item in items:
            try:
                has = dict(read_tags(item.filepath) or {})
            except PieceError as error:
                self._log.error("{}: {}", item, error)
                continue
            for kind, field in FIELDS.items():
                if value := item.get(field):
                    has[kind] = list(map(str, value)) if isinstance(value, list) else [str(value)]
            wanted = [kind for kind in kinds if kind not in has]
            if wanted:
                pieces.append(_Piece(item, Track(Target(str(item), item.filepath), has, wanted)))
        return pieces

    def _take(
        self, piece: _Piece, proposed: Proposal, sources: dict[str, str], log: Log | None, pretend: bool
    ) -> bool:
        """Fill a track, and its file where there is a log; say what was filled."""
        from earmark.apps.tags.rewrite import read_tags, write_tags
        from earmark.foundation.errors import PieceError

        item = piece.item
        if not pretend:
            try:
                if log is not None and read_tags(item.filepath) is not None:
                    write_tags(item.filepath, proposed.new, sources, log)
                    item.mtime = item.current_mtime()
            except PieceError as error:
                self._log.error("{}: {}", item, error)
                return False
            for kind, values in proposed.new.items():
                item[FIELDS[kind]] = values if kind == "genre" else values[0]
            item.store()
        said = ", ".join(f"{FIELDS[kind]}: {text}" for kind, text in proposed.said.items())
        ui.print_(f"{item}: {said}")
        return True
