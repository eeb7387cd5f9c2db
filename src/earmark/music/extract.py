"""One WAV file to one array on disk, whatever the front end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np

from earmark.foundation.contracts import FrontEnd
from earmark.foundation.errors import PieceError
from earmark.music.audio import read_waveform

LARGEST = float(np.finfo(np.float16).max)


@contextmanager
def one_thread() -> Iterator[None]:
    """torch works in this thread alone."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def extract(wav: Path, front_end: FrontEnd, destination: Path) -> None:
    """Write the features of a whole piece as .npy. Raises PieceError as `features_of` does."""
    values = features_of(wav, front_end)
    with destination.open("wb") as file:
        np.save(file, values)


def features_of(wav: Path, front_end: FrontEnd) -> np.ndarray:
    """`front_end(waveform, rate)` of a whole piece as float16 (channels, bands, frames).

    Raises PieceError where the piece is unreadable or its features are not numbers.
    """
    # The parallelism is over pieces; and the same sound gives the same numbers whoever computes them.
    threads = one_thread() if front_end.uses_torch else nullcontext()
    with threads, np.errstate(invalid="ignore", over="ignore"):  # what is no number is refused below
        values = np.asarray(front_end(*read_waveform(wav)))
    if not np.isfinite(values).all():
        raise PieceError("its features have values that are not numbers")
    return np.clip(values, -LARGEST, LARGEST).astype(np.float16)
