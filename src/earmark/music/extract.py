"""Features of one WAV file, by any front end, in memory and on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np

from earmark.foundation.contracts import FrontEnd
from earmark.foundation.errors import PieceError
from earmark.music.recordings.audio import read_waveform

LARGEST = float(np.finfo(np.float16).max)


@contextmanager
def one_thread() -> Iterator[None]:
    """Make torch compute in this thread alone while the context lasts."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def extract(wav: Path, front_end: FrontEnd, destination: Path) -> None:
    """Write the features of a whole piece as .npy.

    Args:
        wav: The piece's sound.
        front_end: Makes features of it.
        destination: The file to write, whatever its suffix.

    Raises:
        PieceError: As `features_of` does; nothing is written then.
    """
    write_features(features_of(wav, front_end), destination)


def write_features(values: np.ndarray, destination: Path) -> None:
    """Write the features of a piece as .npy, whatever the suffix of `destination`."""
    with destination.open("wb") as file:
        np.save(file, values)


def features_of(wav: Path, front_end: FrontEnd) -> np.ndarray:
    """Compute the features of a whole piece.

    Args:
        wav: The piece's sound.
        front_end: Makes features of a waveform (channels, samples) and its rate.

    Returns:
        Float16 (channels, bands, frames), limited to the range of float16.

    Raises:
        PieceError: The piece is unreadable, or a feature is not a finite number.
    """
    # Pieces are computed in parallel, not their parts: one thread gives the same numbers on every machine.
    threads = one_thread() if front_end.uses_torch else nullcontext()
    with threads, np.errstate(invalid="ignore", over="ignore"):  # refused below
        values = np.asarray(front_end(*read_waveform(wav)))
    if not np.isfinite(values).all():
        raise PieceError("its features have values that are not numbers")
    return np.clip(values, -LARGEST, LARGEST).astype(np.float16)
