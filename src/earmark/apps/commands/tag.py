"""`earmark tag`: fill the missing genre, key and composer tags of a music library."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.apps.commands.model_option import Strictness, check_strictness
from earmark.apps.commands.tag_outcome import (
    Done,
    complain,
    count,
    interrupted,
    signals_as_interrupt,
)
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.foundation.words import printable

if TYPE_CHECKING:
    from earmark.apps.tags.library import Scan, Track
    from earmark.apps.tags.log import Log
    from earmark.identify.identifier import Identifier
    from earmark.identify.inputs import Target
    from earmark.identify.verdict import Verdict

MANY = 4  # files from which on progress is shown


def tag(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder of music, or one file.")] = "",
    genre: Annotated[str, typer.Option(metavar="BUNDLE", help="The model for genres.")] = "",
    key: Annotated[str, typer.Option(metavar="BUNDLE", help="The model for keys.")] = "",
    composer: Annotated[str, typer.Option(metavar="BUNDLE", help="The model for composers.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Write the tags; else only show them.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace tags that are there.")] = False,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Log for --undo.", show_default="earmark-tag-DATE-TIME.jsonl"),
    ] = None,
    undo: Annotated[
        Path | None, typer.Option(metavar="LOG", help="Take back what this log says, and nothing else.")
    ] = None,
    strictness: Strictness = "",
    workers: Annotated[int, typer.Option(min=0, help="Processes that listen; 0 for one per core.")] = 0,
) -> None:
    r"""Fill missing genre, key and composer tags: MP3, FLAC, Ogg, Opus, M4A, WAV, AIFF.

    A dry run unless --write is given. BUNDLE: a folder or an MLflow URI; without it the bundle that
    comes with earmark. What a model calls unknown stays untagged, tags that are there stay, the
    sound stays bit for bit. Interrupted, the same command goes on. Exit status: 0 all well, 1 some
    files failed, 2 wrong usage.

    \b
    earmark tag ~/Music --key
    earmark tag ~/Music --genre models:/genre@champion
    earmark tag ~/Music --genre dances/ --key keys/ --write --log music.jsonl
    earmark tag new.flac --composer models/ --write --overwrite
    earmark tag --undo music.jsonl
    """
    check_strictness(strictness)
    models = {
        kind: bundle for kind, bundle in (("genre", genre), ("key", key), ("composer", composer)) if bundle
    }
    if undo is not None:
        if folder or models or write or overwrite or strictness or log is not None:
            raise typer.BadParameter("--undo LOG stands alone: the log says which files, and what they had")
        from earmark.apps.commands.tag_undo import undo_log

        status = undo_log(undo.expanduser())
    elif not folder:
        raise typer.BadParameter("which music? earmark tag DIR --genre BUNDLE, or earmark tag --undo LOG")
    elif not models:
        raise typer.BadParameter("which tags? At least one of --genre, --key and --composer with a BUNDLE")
    elif log is not None and not write:
        raise typer.BadParameter("--log FILE goes with --write: a dry run has nothing to log")
    else:
        status = _tag(folder, models, write, overwrite, log, strictness, workers)
    if status:
        raise typer.Exit(status)


def _tag(
    folder: str,
    models: Mapping[str, str],
    write: bool,
    overwrite: bool,
    log: Path | None,
    strictness: str,
    workers: int,
) -> int:
    from earmark.apps.tags.library import hear, scan
    from earmark.apps.tags.log import Log

    with tempfile.TemporaryDirectory(prefix="earmark-") as scratch:
        kept = Log((log or _default_log()).expanduser().absolute()) if write else None
        targets = _targets(folder)
        bundles = _bundles(models, Path(scratch))
        library = scan(targets, list(models), overwrite)
        done = Done()
        for path, reason in library.errors:
            complain(done, path, reason)
        identifiers = _identifiers(models, bundles, library, strictness)
        from earmark.bundle import bundle_hash

        hashes = {kind: bundle_hash(bundles[kind]) for kind in models}
        results = hear(library.tracks, identifiers, workers)
        if len(library.tracks) >= MANY:
            from earmark.foundation.progress import track

            results = track(results, len(library.tracks), "listen", "files", stream=sys.stderr)
        try:
            with signals_as_interrupt():
                for piece, verdicts in results:
                    _take(piece, verdicts, overwrite, kept, hashes, done, list(models))
        except KeyboardInterrupt:
            interrupted(done)
        except EarmarkError as error:  # not one file's: the log's disk is full, a program is missing
            done.failed = True
            print(f"earmark: error: {error}", file=sys.stderr)
        _report(done, library, kept, list(models))
    return done.status or int(done.failed)


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


def _identifiers(
    models: Mapping[str, str], bundles: Mapping[str, Path], library: Scan, strictness: str
) -> dict[str, Identifier]:
    """The models of the kinds that some file lacks; others are not loaded."""
    from earmark.apps.tags.library import check_labels

    identifiers = {}
    for kind, model in models.items():
        if any(kind in piece.wanted for piece in library.tracks):
            from earmark.identify.identifier import Identifier

            identifiers[kind] = Identifier.load(bundles[kind], strictness)
            learned = identifiers[kind].bundle
            check_labels(kind, model, learned.labels, learned.question)
    return identifiers


def _take(
    piece: Track,
    verdicts: Mapping[str, Verdict],
    overwrite: bool,
    log: Log | None,
    hashes: Mapping[str, str],
    done: Done,
    kinds: list[str],
) -> None:
    """Write the tags of one file, or show them where `log` is None."""
    from earmark.apps.tags.library import tag_value
    from earmark.apps.tags.rewrite import read_tags, write_tags

    new, cells = {}, []
    for reason in dict.fromkeys(verdict.error for verdict in verdicts.values() if verdict.error):
        complain(done, piece.target.name, reason)
    for unheard in dict.fromkeys(verdict.unheard for verdict in verdicts.values() if verdict.unheard):
        print(f"earmark: warning: {printable(piece.target.name)}: {printable(unheard)}", file=sys.stderr)
    for kind in kinds:
        has, verdict = ", ".join(piece.has.get(kind, [])), verdicts.get(kind)
        value = None if verdict is None else tag_value(kind, verdict)
        if verdict is None or verdict.error:
            cells.append(f"has {has}" if has else "")
        elif value is None:
            done.unknown += 1
            cells.append(f"unknown ({verdict.nearest_label}?)")
        elif piece.has.get(kind) == [value]:
            cells.append(f"has {has}")
        else:
            new[kind] = value
            cells.append(f"{has + ' → ' if has else ''}{value} ({verdict.confidence:.2f})")
    if new and log is not None:
        try:
            # The same file under another name, or another program, may have been here meanwhile.
            has_now = read_tags(piece.target.file) or {}
            new = {kind: value for kind, value in new.items() if overwrite or kind not in has_now}
            if new:
                write_tags(piece.target.file, new, hashes, log)
        except PieceError as error:
            complain(done, piece.target.name, str(error))
            return
    done.files += bool(new)
    done.tags += len(new)
    if new or any(cell.startswith("unknown") for cell in cells):
        done.rows.append((piece.target.name, cells))


def _report(done: Done, library: Scan, log: Log | None, kinds: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if done.rows:
        table = Table("file", *kinds)
        for name, cells in done.rows:
            table.add_row(*(Text(printable(cell), overflow="fold") for cell in (name, *cells)))
        Console(highlight=False).print(table)
    if library.complete:
        print(f"{count(len(library.complete), 'file')} with nothing missing.")
    for suffix, number in sorted(library.tagless.items()):
        print(f"{count(number, 'file')} left out: {printable(suffix)} has no tags that earmark writes.")
    if done.unknown:
        print(f"{count(done.unknown, 'verdict')} unknown: left untagged.")
    written = f"{count(done.tags, 'tag')} in {count(done.files, 'file')}"
    if log is None:
        print(f"Dry run: {written} to write{': --write does it' if done.tags else ''}.")
    elif done.files:
        print(f"Written: {written}. Take it back: earmark tag --undo {printable(str(log.path))}")
    else:
        print("Written: nothing.")
