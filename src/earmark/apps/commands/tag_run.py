"""How `earmark tag` goes through a library: what it lacks, what is heard, what is shown or written."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from earmark import __version__
from earmark.apps.commands.tag_ask import Asker
from earmark.apps.commands.tag_outcome import (
    Done,
    complain,
    count,
    interrupted,
    signals_as_interrupt,
)
from earmark.apps.tags.library import Scan, Track, hear, scan
from earmark.apps.tags.listeners import listeners_of
from earmark.apps.tags.log import Log
from earmark.apps.tags.proposal import Spelling, proposal
from earmark.apps.tags.rewrite import read_tags, write_tags
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.foundation.words import printable

if TYPE_CHECKING:
    from earmark.identify.inputs import Target
    from earmark.identify.verdict import Verdict

MANY = 4  # files from which on progress is shown


@dataclass(frozen=True)
class Job:
    """What was asked for.

    Attributes:
        folder: Of the music, or one file.
        models: The bundle of each kind of tag.
        bpm: Whether tempo is wanted, too.
        spelling: How values are written.
        write: Whether they are written, not only shown.
        ask: Whether somebody is asked for each.
        overwrite: Whether tags that are there are replaced.
        log: The log; None for one by date and time in the current folder.
        strictness: Of the models; "" as they were trained.
        workers: Processes that listen; 0 for one per core.
        cache: Whether what is heard is kept, and taken from there.
    """

    folder: str
    models: Mapping[str, str]
    bpm: bool
    spelling: Spelling
    write: bool
    ask: bool
    overwrite: bool
    log: Path | None
    strictness: str
    workers: int
    cache: bool = True

    @property
    def kinds(self) -> list[str]:
        """The kinds of tags that are wanted."""
        return [*self.models, *(["bpm"] if self.bpm else [])]


def tag_library(job: Job) -> int:
    """Tag a library, or show what would be tagged.

    Args:
        job: What was asked for.

    Returns:
        The exit status.

    Raises:
        EarmarkError: Nothing can be done: no music, no such bundle, one for another question.
    """
    with tempfile.TemporaryDirectory(prefix="earmark-") as scratch:
        log = Log((job.log or _default_log()).expanduser().absolute()) if job.write else None
        targets = _targets(job.folder)
        bundles = _bundles(job.models, Path(scratch))
        library = scan(targets, job.kinds, job.overwrite)
        done = Done()
        for path, reason in library.errors:
            complain(done, path, reason)
        from earmark.apps.commands.model_option import kept

        listeners = listeners_of(
            job.kinds, library.tracks, job.models, bundles, job.strictness, kept(job.cache)
        )
        from earmark.bundle import bundle_hash

        sources = {kind: bundle_hash(bundles[kind]) for kind in job.models}
        run = _Run(job, log, {**sources, "bpm": f"earmark {__version__}"}, done)
        results = hear(library.tracks, listeners, job.workers)
        if len(library.tracks) >= MANY and not job.ask:
            from earmark.foundation.progress import track

            results = track(results, len(library.tracks), "listen", "files", stream=sys.stderr)
        try:
            with signals_as_interrupt():
                run.take_all(results)
        except KeyboardInterrupt:
            interrupted(done)
        except EarmarkError as error:  # not one file's: the log's disk is full, a program is missing
            done.failed = True
            print(f"earmark: error: {error}", file=sys.stderr)
        _report(done, library, log, job.kinds)
    return done.status or int(done.failed)


class _Run:
    """Goes through files that have been heard."""

    def __init__(self, job: Job, log: Log | None, sources: Mapping[str, str], done: Done) -> None:
        self._job, self._log, self._sources, self._done = job, log, sources, done
        self._asker = Asker() if job.ask else None

    def take_all(self, results: Iterable[tuple[Track, Mapping[str, Verdict]]]) -> None:
        """Write the tags of all files, or show them."""
        for piece, verdicts in results:
            self._take(piece, verdicts)
            if self._asker is not None and self._asker.quits:
                break

    def _take(self, piece: Track, verdicts: Mapping[str, Verdict]) -> None:
        done, name = self._done, piece.target.name
        for reason in dict.fromkeys(verdict.error for verdict in verdicts.values() if verdict.error):
            complain(done, name, reason)
        for unheard in dict.fromkeys(verdict.unheard for verdict in verdicts.values() if verdict.unheard):
            print(f"earmark: warning: {printable(name)}: {printable(unheard)}", file=sys.stderr)
        proposed = proposal(piece.has, verdicts, self._job.kinds, self._job.spelling)
        done.unknown += proposed.unknown
        failed = any(verdict.error for verdict in verdicts.values())
        done.same += not (proposed.new or proposed.unknown or failed)
        new = proposed.new
        if self._asker is not None:
            new = self._asker.accepted(name, proposed)
            done.declined += len(proposed.new) - len(new)
        if new and self._log is not None:
            try:
                # The same file under another name, or another program, may have been here meanwhile.
                has_now = read_tags(piece.target.file) or {}
                new = {
                    kind: values for kind, values in new.items() if self._job.overwrite or kind not in has_now
                }
                if new:
                    write_tags(piece.target.file, new, self._sources, self._log)
            except PieceError as error:
                complain(done, name, str(error))
                return
        done.files += bool(new)
        done.tags += len(new)
        done.unlike += len(set(proposed.unlike) & set(new))
        if new:
            shown = piece.target.within or name
            done.rows.append(
                (shown, [proposed.said[kind] if kind in new else "" for kind in self._job.kinds])
            )


def _default_log() -> Path:
    return Path(f"earmark-tag-{datetime.now():%Y-%m-%d-%H%M%S}.jsonl")


def _targets(folder: str) -> list[Target]:
    from earmark.identify.inputs import find_targets

    path = Path(folder).expanduser()
    if not path.exists():
        raise EarmarkError(f"{folder} does not exist: give a folder of music, or one file")
    return find_targets([str(path)], path)


def _bundles(models: Mapping[str, str], scratch: Path) -> dict[str, Path]:
    from earmark.apps.commands.model_option import bundle_folder

    folders = {}
    for kind, model in models.items():
        (scratch / kind).mkdir()
        folders[kind] = bundle_folder(model, scratch / kind)
    return folders


def _report(done: Done, library: Scan, log: Log | None, kinds: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if done.rows:
        table = Table("file", *kinds)
        for name, cells in done.rows:
            table.add_row(*(Text(printable(cell), overflow="fold") for cell in (name, *cells)))
        Console(highlight=False).print(table)
    if done.unlike:
        print(f"{count(done.unlike, 'tag')} marked unlike: for music unlike what the model learned from.")
    if library.complete:
        print(f"{count(len(library.complete), 'file')} with nothing missing.")
    if done.same:
        print(f"{count(done.same, 'file')} with these tags already.")
    for suffix, number in sorted(library.tagless.items()):
        print(f"{count(number, 'file')} left out: {printable(suffix)} has no tags that earmark writes.")
    if done.unknown:
        print(f"{count(done.unknown, 'verdict')} unknown: left untagged.")
    if done.declined:
        print(f"{count(done.declined, 'tag')} not accepted.")
    written = f"{count(done.tags, 'tag')} in {count(done.files, 'file')}"
    if log is None:
        print(f"Dry run: {written} to write{': --write does it' if done.tags else ''}.")
    elif done.files:
        print(f"Written: {written}. Take it back: earmark tag --undo {printable(str(log.path))}")
    else:
        print("Written: nothing.")
