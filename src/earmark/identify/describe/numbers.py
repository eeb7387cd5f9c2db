"""One row of numbers for a piece: means and deviations of its descriptors, tempo, key."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.features.descriptors import PITCH_CLASSES, Descriptors
from earmark.foundation.errors import PieceError
from earmark.identify.describe.key_profile import key_of
from earmark.identify.describe.tempo import tempo_bpm
from earmark.music.audio import blocks_of

if TYPE_CHECKING:
    import pandas as pd


def read_sound(wav: Path) -> tuple[np.ndarray, int]:
    """Waveform (channels, samples) of float32 and its rate in Hz. Raises PieceError where unreadable."""
    rate_hz, blocks = blocks_of(wav)
    waveform = np.concatenate(list(blocks)).T
    if not np.isfinite(waveform).all():
        raise PieceError("the sound has values that are not numbers (NaN or infinity)")
    return waveform, rate_hz


def describe_sound(
    waveform: np.ndarray, rate_hz: int, descriptors: Descriptors | None = None
) -> dict[str, Any]:
    """Numbers of a waveform (channels, samples), to six digits.

    duration_s; tempo_bpm (None without onsets); key (empty without pitch) and key_correlation; then
    <row>_mean and <row>_sd over time of every row of `descriptors`.
    """
    descriptors = descriptors or Descriptors()
    rows = descriptors(waveform, rate_hz)[0].numpy().astype(np.float64)
    key = key_of(rows[-len(PITCH_CLASSES) :].mean(axis=1))
    described: dict[str, Any] = {
        "duration_s": _digits(waveform.shape[1] / rate_hz),
        "tempo_bpm": _digits(tempo_bpm(waveform, rate_hz)),
        "key": key[0] if key else "",
        "key_correlation": _digits(key[1] if key else None),
    }
    for name, mean, deviation in zip(descriptors.names(), rows.mean(axis=1), rows.std(axis=1), strict=True):
        described |= {f"{name}_mean": _digits(mean), f"{name}_sd": _digits(deviation)}
    return described


def describe_file(path: str | os.PathLike, descriptors: Descriptors | None = None) -> dict[str, Any]:
    """`describe_sound` of a WAV file (or what else soundfile reads), at the file's own rate.

    Spectral descriptors of files of different rates do not compare: bring them to one before.
    Raises PieceError where the file is unreadable.
    """
    return describe_sound(*read_sound(Path(path)), descriptors)


def describe_table(
    paths: Iterable[str | os.PathLike], descriptors: Descriptors | None = None
) -> pd.DataFrame:
    """A row for each file: `path`, then the columns of `describe_file`."""
    import pandas as pd

    return pd.DataFrame([{"path": str(path), **describe_file(path, descriptors)} for path in paths])


def _digits(value: float | None) -> float | None:
    """Six significant digits: more than the ear or a table needs, and the same on every machine."""
    return None if value is None else float(f"{value:.6g}")
