"""Stage ingest: a source becomes the catalog and `data/raw/`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import pandas as pd

from earmark.foundation.closure import code_version
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.foundation.progress import say
from earmark.foundation.words import printable
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import COLUMNS, KNOWN, write_table
from earmark.music.recordings.formats import media_of
from earmark.music.sources import music21
from earmark.music.sources.choice import read_source
from earmark.music.sources.csv_table import PACKAGE_PREFIX
from earmark.music.sources.labels import Merge, piece_id
from earmark.music.sources.origin import Origin
from earmark.music.sources.selection import Selection
from earmark.pipeline.context import Context
from earmark.pipeline.settings.schema import Config
from earmark.store.fill import Task, fill

CODE = "earmark.music.sources.music21"


def run(config: Config, workspace: Workspace) -> None:
    """List the source's pieces, bring each into `data/raw/`, and write the catalog."""
    context = Context(config, workspace)
    origins = read_source(workspace.source, workspace.corpora, config.data.corpus)
    data, merge = config.data, Merge.of(config.data.merge)
    selection = Selection(merge, data.group_pattern, data.min_confidence, data.min_works)
    against = selection.reasons(origins)
    rows = (_row(origin, selection, reason) for origin, reason in zip(origins, against, strict=True))
    pieces = pd.DataFrame(list(rows))
    _check_merged(merge, {origin.label for origin in origins})
    _check_labels(pieces, merge, data.labels)
    if any(not reason for reason in against):
        selection.check(origins, against)
    reasons: dict[str, str] = {}
    tasks = []
    resolved = cache(Path.resolve)  # thousands of files lie in few folders
    for origin, identity, reason in zip(origins, pieces.piece_id.astype(str), against, strict=True):
        try:
            if reason:
                raise PieceError(reason)
            tasks.append(_task(origin, identity, context, resolved))
        except PieceError as error:
            reasons[identity] = str(error)
    reasons |= fill(context.store, context.executor, "raw", tasks, workspace.raw, "ingest")
    if len(reasons) == len(origins):
        raise EarmarkError(
            f"not one of the {len(origins)} pieces could be read, the first: "
            f"{printable(pieces.path[0])}: {next(iter(reasons.values()))}"
        )
    names = {task.piece_id: task.name for task in tasks}
    digests = context.digest_table("raw", tasks, reasons).set_index("piece_id").sha256
    pieces["raw"] = pieces.piece_id.map(names)
    pieces["sha256"] = pieces.piece_id.map(digests)
    context.report_failures("ingest", pieces, reasons)
    kept = pieces[~pieces.piece_id.isin(reasons)].sort_values("piece_id")
    write_table(kept.reindex(columns=COLUMNS), workspace.catalog)
    say(
        f"ingest: {len(kept)} pieces, {kept.group.nunique()} works, "
        f"{kept[kept.role == 'known'].label.nunique()} known labels"
    )


def _check_merged(merge: Merge, labels: set[str]) -> None:
    """Raise EarmarkError where a label to be merged does not occur: a slip of the pen would go unseen."""
    if lost := sorted(set(merge.into) - labels):
        known = ", ".join(sorted(labels - {""})[:5])
        raise EarmarkError(f"data.merge: no piece has the label {lost[0]} (there are {known}, …)")


def _row(origin: Origin, selection: Selection, reason: str) -> dict[str, str]:
    """reason: why it is left out; "" where it is not."""
    # A name in bytes that are no UTF-8 is listed by their numbers, as another file may be called.
    identity = os.fsencode(origin.file) if origin.file and origin.fault else origin.name.encode()
    media = "unknown" if reason else "midi" if origin.file is None else media_of(origin.file)
    return {
        "piece_id": piece_id(origin.label, Path(origin.name).stem, identity),
        "path": origin.name,
        "media": media,
        "label": selection.label(origin),
        "group": selection.work(origin),
        "role": origin.role,
        "split": origin.split,
        "title": origin.title,
    }


def _check_labels(pieces: pd.DataFrame, merge: Merge, labels: list[str]) -> None:
    """Raise EarmarkError where merging makes a known label of a stranger's, or a label is not listed."""
    known = set(pieces[pieces.role == KNOWN].label)
    if both := known & set(pieces[pieces.role != KNOWN].label) & set(merge.into.values()):
        raise EarmarkError(
            f"data.merge makes one label, {min(both)}, of known pieces and strangers: give both one role"
        )
    if labels and (strange := sorted(known - set(labels))):
        raise EarmarkError(
            f"the label {strange[0]} is not among data.labels ({', '.join(labels[:3])}, …): "
            f"data.merge={{{labels[0]}: [{strange[0]}]}} puts it under another, data.labels=[] takes all"
        )


def _task(origin: Origin, identity: str, context: Context, resolved: Callable[[Path], Path]) -> Task:
    """resolved: gives a folder's real path."""
    if origin.name.startswith(PACKAGE_PREFIX):
        score = origin.name.removeprefix(PACKAGE_PREFIX)
        key = context.store.key(score=score, version=music21.version(), code=code_version(CODE))
        return Task(identity, key, f"{identity}.mid", partial(music21.convert, score))
    assert origin.file is not None
    try:
        status = origin.file.stat()
    except OSError as error:
        raise PieceError(f"cannot be read: {error.strerror}") from error
    real = (
        origin.file.resolve() if origin.file.is_symlink() else resolved(origin.file.parent) / origin.file.name
    )
    # Size and time of change stand for the bytes, so that a large collection is read but once.
    key = context.store.key(
        file=str(real),
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
    )
    suffix = Path(origin.name).suffix.lower()
    return Task(identity, key, f"{identity}{suffix}", partial(_copy, origin.file))


def _copy(source: Path, destination: Path) -> None:
    """A copy, never a link: the owner's file must not become read-only or change with ours."""
    try:
        with source.open("rb") as reader, destination.open("wb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
    except PermissionError as error:
        raise PieceError(f"cannot be read: {error.strerror}") from error
