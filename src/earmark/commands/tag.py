"""`earmark tag`: fill the missing genre, key and composer tags of a music library."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.errors import EarmarkError, PieceError

if TYPE_CHECKING:
    from earmark.identify.identifier import Identification, Identifier
    from earmark.identify.inputs import Target
    from earmark.tags.library import Survey, Track
    from earmark.tags.log import Log

MANY = 4  # files from which on progress is shown
INTERRUPTED = 130  # exit status of what Control-C ended


@dataclass
class Done:
    """What came of a run: rows of the table, files and tags written, errors, whether it was cut short."""

    rows: list[tuple[str, list[str]]] = field(default_factory=list)
    files: int = 0
    tags: int = 0
    unknown: int = 0
    failed: bool = False
    status: int = 0


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
    workers: Annotated[int, typer.Option(min=0, help="Processes that listen; 0 for one per core.")] = 0,
) -> None:
    """Fill missing genre, key and composer tags: MP3, FLAC, Ogg, Opus, M4A, WAV, AIFF.

    A dry run unless --write is given. BUNDLE: a folder or an MLflow URI. What a model calls unknown
    stays untagged, tags that are there stay, the sound stays bit for bit. Interrupted, the same
    command goes on. Exit status: 0 all well, 1 some files failed, 2 wrong usage.

    \b
    earmark tag ~/Music --genre models:/genre@champion
    earmark tag ~/Music --genre dances/ --key keys/ --write --log music.jsonl
    earmark tag new.flac --composer models/ --write --overwrite
    earmark tag --undo music.jsonl
    """
    models = {
        kind: bundle for kind, bundle in (("genre", genre), ("key", key), ("composer", composer)) if bundle
    }
    if undo is not None:
        if folder or models or write or overwrite or log is not None:
            raise typer.BadParameter("--undo LOG stands alone: the log says which files, and what they had")
        status = _undo(undo.expanduser())
    elif not folder:
        raise typer.BadParameter("which music? earmark tag DIR --genre BUNDLE, or earmark tag --undo LOG")
    elif not models:
        raise typer.BadParameter("which tags? At least one of --genre, --key and --composer with a BUNDLE")
    elif log is not None and not write:
        raise typer.BadParameter("--log FILE goes with --write: a dry run has nothing to log")
    else:
        status = _tag(folder, models, write, overwrite, log, workers)
    if status:
        raise typer.Exit(status)


def _tag(
    folder: str, models: Mapping[str, str], write: bool, overwrite: bool, log: Path | None, workers: int
) -> int:
    from earmark.tags.library import hear, survey
    from earmark.tags.log import Log

    with tempfile.TemporaryDirectory(prefix="earmark-") as scratch:
        with _usage_errors():
            kept = Log((log or _default_log()).expanduser().absolute()) if write else None
            targets = _targets(folder)
            bundles = _bundles(models, Path(scratch))
        found = survey(targets, list(models), overwrite)
        done = Done()
        for path, reason in found.errors:
            _complain(done, path, reason)
        with _usage_errors():
            identifiers = _identifiers(models, bundles, found)
        from earmark.bundle import bundle_hash

        hashes = {kind: bundle_hash(bundles[kind]) for kind in models}
        heard = hear(found.tracks, identifiers, workers)
        if len(found.tracks) >= MANY:
            from earmark.progress import track

            heard = track(heard, len(found.tracks), "listen", "files")
        try:
            with _ended_politely():
                for piece, said in heard:
                    _take(piece, said, overwrite, kept, hashes, done, list(models))
        except KeyboardInterrupt:
            done.status = INTERRUPTED
            print("earmark: interrupted: the same command goes on where this one stopped", file=sys.stderr)
        except EarmarkError as error:  # not one file's: the log's disk is full, a program is missing
            done.failed = True
            print(f"earmark: error: {error}", file=sys.stderr)
        _report(done, found, kept, list(models))
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
    from earmark.identify.locate import find_bundle

    found = {}
    for kind, model in models.items():
        (scratch / kind).mkdir()
        found[kind] = find_bundle(model, scratch / kind)
    return found


def _identifiers(
    models: Mapping[str, str], bundles: Mapping[str, Path], found: Survey
) -> dict[str, Identifier]:
    """Models that have something to listen to; where nothing is missing none is loaded."""
    from earmark.tags.library import check_labels

    identifiers = {}
    for kind, model in models.items():
        if any(kind in piece.wanted for piece in found.tracks):
            from earmark.identify.identifier import Identifier

            identifiers[kind] = Identifier.load(bundles[kind])
            check_labels(kind, model, identifiers[kind].bundle.labels)
    return identifiers


def _take(
    piece: Track,
    said: Mapping[str, Identification],
    overwrite: bool,
    log: Log | None,
    hashes: Mapping[str, str],
    done: Done,
    kinds: list[str],
) -> None:
    """What was heard of one file: tags to write, or to show."""
    from earmark.tags.library import tag_value
    from earmark.tags.rewrite import read_tags, write_tags

    new, cells = {}, []
    for reason in dict.fromkeys(found.error for found in said.values() if found.error):
        _complain(done, piece.target.name, reason)
    for kind in kinds:
        has, found = ", ".join(piece.has.get(kind, [])), said.get(kind)
        value = None if found is None else tag_value(kind, found)
        if found is None or found.error:
            cells.append(f"has {has}" if has else "")
        elif value is None:
            done.unknown += 1
            cells.append(f"unknown ({found.nearest_label}?)")
        elif piece.has.get(kind) == [value]:
            cells.append(f"has {has}")
        else:
            new[kind] = value
            cells.append(f"{has + ' → ' if has else ''}{value} ({found.confidence:.2f})")
    if new and log is not None:
        try:
            # The same file under another name, or another program, may have been here meanwhile.
            has_now = read_tags(piece.target.file) or {}
            new = {kind: value for kind, value in new.items() if overwrite or kind not in has_now}
            if new:
                write_tags(piece.target.file, new, hashes, log)
        except PieceError as error:
            _complain(done, piece.target.name, str(error))
            return
    done.files += bool(new)
    done.tags += len(new)
    if new or any(cell.startswith("unknown") for cell in cells):
        done.rows.append((piece.target.name, cells))


def _undo(path: Path) -> int:
    from earmark.tags.log import read_log
    from earmark.tags.rewrite import take_back

    with _usage_errors():
        entries, cut = read_log(path)
    done = Done()
    as_before = 0
    try:
        with _ended_politely():
            for entry in reversed(entries):
                try:
                    if take_back(entry):
                        done.files += 1
                    else:
                        as_before += 1
                except PieceError as error:
                    _complain(done, entry.path, str(error))
    except KeyboardInterrupt:
        done.status = INTERRUPTED
        print("earmark: interrupted: the same command goes on where this one stopped", file=sys.stderr)
    if cut:
        log = _printable(str(path))
        print(f"The last line of {log} is cut: the run was interrupted before it touched that file.")
    print(f"{_count(done.files, 'file')} restored, {as_before} as before already.")
    return done.status or int(done.failed)


def _report(done: Done, found: Survey, log: Log | None, kinds: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if done.rows:
        table = Table("file", *kinds)
        for name, cells in done.rows:
            table.add_row(
                Text(_printable(name), overflow="fold"), *(Text(cell, overflow="fold") for cell in cells)
            )
        Console(highlight=False).print(table)
    if found.complete:
        print(f"{_count(len(found.complete), 'file')} with nothing missing.")
    for suffix, number in sorted(found.tagless.items()):
        print(f"{_count(number, 'file')} left out: {suffix} has no tags that earmark writes.")
    if done.unknown:
        print(f"{_count(done.unknown, 'verdict')} unknown: left untagged.")
    written = f"{_count(done.tags, 'tag')} in {_count(done.files, 'file')}"
    if log is None:
        print(f"Dry run: {written} to write{': --write does it' if done.tags else ''}.")
    elif done.files:
        print(f"Written: {written}. Take it back: earmark tag --undo {_printable(str(log.path))}")
    else:
        print("Written: nothing.")


def _printable(name: str) -> str:
    """A file name that is no UTF-8 cannot be printed as it is."""
    return os.fsencode(name).decode(errors="replace")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _complain(done: Done, path: str, reason: str) -> None:
    done.failed = True
    print(f"earmark: error: {path}: {reason}", file=sys.stderr)


@contextmanager
def _ended_politely() -> Iterator[None]:
    """A closed terminal or a `kill` ends a run like Control-C: nothing is left beside the music."""
    before = {}
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores it, and so it stays
            before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _usage_errors() -> Iterator[None]:
    try:
        yield
    except EarmarkError as error:
        print(f"earmark: error: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
