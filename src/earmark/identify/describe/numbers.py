"""Numbers of a sound: means and deviations of its descriptors, tempo, key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from earmark.features.descriptors import PITCH_CLASSES, Descriptors
from earmark.features.ear.hearing import at_ear_rate
from earmark.features.ear.tuning import tuning_cents
from earmark.foundation.errors import PieceError
from earmark.identify.describe.key_profile import key_of
from earmark.identify.describe.tempo import tempo_bpm
from earmark.music.recordings.audio import blocks_of

AUDIBLE_CENTS = 10.0  # of mistuning, above which pitch classes are counted at the music's own tuning


def read_sound(wav: Path) -> tuple[np.ndarray, int]:
    """Read a WAV file, or what else soundfile reads.

    Args:
        wav: The file.

    Returns:
        The waveform (channels, samples), float32, and its rate in Hz.

    Raises:
        PieceError: It cannot be read.
    """
    rate_hz, blocks = blocks_of(wav)
    waveform = np.concatenate(list(blocks)).T
    if not np.isfinite(waveform).all():
        raise PieceError("the sound has values that are not numbers (NaN or infinity)")
    return waveform, rate_hz


def describe_sound(
    waveform: np.ndarray, rate_hz: int, descriptors: Descriptors | None = None
) -> dict[str, Any]:
    """Numbers of a waveform, to six digits.

    Args:
        waveform: (channels, samples).
        rate_hz: Its rate.
        descriptors: By default with their default settings.

    Returns:
        duration_s; tempo_bpm, None without onsets; tuning_cents, by which the music lies above A = 440 Hz;
        key at that tuning, "" without pitch, and its key_correlation; then
        NAME_mean and NAME_sd, over time, of every row of the descriptors.

    Raises:
        PieceError: Its rate is not one of music.
    """
    descriptors = descriptors or Descriptors()
    rows = descriptors(waveform, rate_hz)[0].astype(np.float64)
    cents = tuning_cents(at_ear_rate(waveform, rate_hz))
    chroma = rows[-len(PITCH_CLASSES) :]
    if abs(cents) >= AUDIBLE_CENTS:
        # Taken for so much slower a recording, the music is in tune.
        in_tune_hz = round(rate_hz * 2 ** (-cents / 1200))
        chroma = descriptors(waveform, in_tune_hz)[0][-len(PITCH_CLASSES) :]
    key = key_of(chroma.mean(axis=1).astype(np.float64))
    described: dict[str, Any] = {
        "duration_s": _digits(waveform.shape[1] / rate_hz),
        "tempo_bpm": _digits(tempo_bpm(waveform, rate_hz)),
        "tuning_cents": round(cents, 1),
        "key": key[0] if key else "",
        "key_correlation": _digits(key[1] if key else None),
    }
    for name, mean, deviation in zip(descriptors.names(), rows.mean(axis=1), rows.std(axis=1), strict=True):
        described |= {f"{name}_mean": _digits(mean), f"{name}_sd": _digits(deviation)}
    return described


def describe_file(path: str | os.PathLike, descriptors: Descriptors | None = None) -> dict[str, Any]:
    """Numbers of a WAV file, or what else soundfile reads, at its own rate: as `describe_sound`.

    Spectral descriptors of files of different rates do not compare.

    Args:
        path: The file.
        descriptors: By default with their default settings.

    Raises:
        PieceError: It cannot be read.
    """
    return describe_sound(*read_sound(Path(path)), descriptors)


def _digits(value: float | None) -> float | None:
    """Six significant digits: rounding that differs between machines does not show."""
    return None if value is None else float(f"{value:.6g}")
