"""What train and evaluate read, checked before they begin: a damaged file is one line that names it.

These checks stand before the stages, not in them: what passes is computed as ever, so that they are no part
of the stages' code version.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from earmark.foundation.errors import EarmarkError
from earmark.foundation.untrusted import Unfit, read_tensors, tensor_shapes
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import KNOWN, ROLES, SPLITS, read_table
from earmark.store.records import read_records

if TYPE_CHECKING:
    import pandas as pd

SPLIT_COLUMNS = ("piece_id", "path", "title", "label", "group", "role", "split")
_EXPONENT = 0x7C00  # bits of a float16 that are all 1 where it is infinite or not a number


def check_inputs(stage: str, workspace: Workspace) -> None:
    """See that what a stage reads is whole; nothing for the stages before train, which check piece by piece.

    Args:
        stage: Its name.
        workspace: Where its inputs are.

    Raises:
        EarmarkError: A file is missing or damaged, or lacks a piece.
    """
    if stage not in ("train", "evaluate"):
        return
    pieces = _table(workspace.splits, SPLIT_COLUMNS, "split")
    _check_splits(pieces, workspace.splits)
    made = _table(workspace.features_table, ("piece_id",), "features")
    if lacking := sorted(set(pieces.piece_id) - set(made.piece_id)):
        raise _damaged(
            workspace.splits, f"has {lacking[0]}, which {workspace.features_table} has not", "split"
        )
    if stage == "train":
        _check_features(workspace.features, made.piece_id)
        return
    _check_features(workspace.features, pieces.piece_id[pieces.role == KNOWN])
    _check_embeddings(workspace, len(pieces))
    if lacking := sorted(set(pieces.piece_id) - set(read_records(workspace.facts_table))):
        raise _damaged(workspace.facts_table, f"has no {lacking[0]}", "validate")


def _table(file: Path, columns: Iterable[str], stage: str) -> pd.DataFrame:
    """A table with these columns, names of pieces among them, that a stage wrote."""
    if not file.is_file():
        raise _damaged(file, "is missing", stage)
    try:
        table = read_table(file)
    except EarmarkError as error:
        raise EarmarkError(f"{error}: run dvc repro {stage}") from error
    if lacking := [name for name in columns if name not in table]:
        raise _damaged(file, f"has no column {', '.join(lacking)}", stage)
    if table.isna().any(axis=None):
        raise _damaged(file, "has a row that is cut short", stage)
    if table.empty:
        raise _damaged(file, "has no rows", stage)
    names = table.piece_id
    if odd := [name for name in names if Path(name).name != name]:
        raise _damaged(file, f"has {odd[0]!r} as the name of a piece", stage)
    if names.duplicated().any():
        raise _damaged(file, f"has {names[names.duplicated()].iloc[0]} twice", stage)
    return table


def _check_splits(pieces: pd.DataFrame, file: Path) -> None:
    known = pieces.role == KNOWN
    for column, values, rows in (("role", ROLES, pieces), ("split", SPLITS, pieces[known])):
        if not (odd := rows[~rows[column].isin(values)]).empty:
            raise _damaged(
                file, f"has {odd[column].iloc[0]!r} as the {column} of {odd.piece_id.iloc[0]}", "split"
            )
    for split in SPLITS:
        if not (known & (pieces.split == split)).any():
            raise _damaged(file, f"has no known piece in {split}", "split")


def _check_features(folder: Path, names: Iterable[str]) -> None:
    """Arrays (channels, bands, frames) of finite numbers, with as many channels and bands in all pieces."""
    first: tuple[int, ...] = ()
    for name in names:
        file = folder / f"{name}.npy"
        try:
            array = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError, SyntaxError) as error:
            raise _damaged(file, f"cannot be read ({error})", "features") from error
        if array.ndim != 3 or not array.size or array.dtype.kind != "f":
            raise _damaged(file, "is no array of numbers (channels, bands, frames)", "features")
        first = first or array.shape[:2]
        if array.shape[:2] != first:
            text = f"has {_channels(array.shape)}, where other pieces have {_channels(first)}"
            raise _damaged(file, text, "features")
        if not _finite(array):
            raise _damaged(file, "has values that are infinite or not a number", "features")


def _channels(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} x {shape[1]} channels and bands"


def _finite(array: np.ndarray) -> bool:
    if array.dtype != np.float16:
        return bool(np.isfinite(array).all())
    return int((array.view(np.uint16) & _EXPONENT).max()) != _EXPONENT


def _check_embeddings(workspace: Workspace, pieces: int) -> None:
    """Clips of so many pieces, and perhaps of the beginnings of some, as wide as those in the bundle."""
    file = workspace.embeddings
    if not file.is_file():
        raise _damaged(file, "is missing", "train")
    try:
        axes = {name: len(shape) for name, shape in tensor_shapes(file).items()}
        if axes != {"clips": 2, "starts_s": 1, "counts": 1}:
            raise Unfit("has no clips (clips, dimensions) with their times and pieces")
        arrays = read_tensors(file)
    except Unfit as error:
        raise _damaged(file, str(error), "train") from error
    clips, counts = arrays["clips"], arrays["counts"]
    if len(counts) < pieces or (len(counts) - pieces) % 2:  # each beginning as read and as heard
        raise _damaged(file, f"is of {len(counts)} pieces, not of {pieces}", "train")
    if counts.min() < 1 or not counts.sum() == len(clips) == len(arrays["starts_s"]):
        raise _damaged(file, "has other clips than its pieces have", "train")
    if not np.isfinite(clips).all():
        raise _damaged(file, "has values that are infinite or not a number", "train")
    references = workspace.models / "references.safetensors"
    try:
        widths = {shape[-1] for shape in tensor_shapes(references).values() if len(shape) == 2}
    except (Unfit, OSError):
        return  # the bundle itself is refused when it is read
    if widths and clips.shape[1] not in widths:
        raise _damaged(file, f"has {clips.shape[1]} numbers a clip, unlike {references}", "train")


def _damaged(file: Path, what: str, stage: str) -> EarmarkError:
    """The error that says what is wrong with a file, and which stage makes it anew."""
    return EarmarkError(f"{file} {what}: run dvc repro {stage}")
