"""Numbers of a sound: means and deviations of its descriptors, tempo, key."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from earmark.features.descriptors import PITCH_CLASSES, Descriptors
from earmark.features.ear.hearing import at_ear_rate
from earmark.features.ear.tuning import cents_of, tuning_vector
from earmark.identify.describe.key_profile import key_of
from earmark.identify.describe.tempo import tempo_of
from earmark.music.recordings.passages import Passages

AUDIBLE_CENTS = 10.0  # of mistuning, above which pitch classes are counted at the music's own tuning


def describe_sound(
    waveform: np.ndarray, rate_hz: int, descriptors: Descriptors | None = None
) -> dict[str, Any]:
    """Numbers of a waveform, to six digits; see `describe_file`.

    Args:
        waveform: (channels, samples).
        rate_hz: Its rate.
        descriptors: By default with their default settings.

    Raises:
        PieceError: Its rate is not one of music.
    """
    return _described(lambda: [waveform], rate_hz, descriptors or Descriptors())


def describe_file(path: str | os.PathLike, descriptors: Descriptors | None = None) -> dict[str, Any]:
    """Numbers of a WAV file, or what else soundfile reads, at its own rate, to six digits.

    Spectral descriptors of files of different rates do not compare. Long files are described in passages of
    `PASSAGE_S` seconds: the floors of loudness below which nothing counts are each passage's own.

    Args:
        path: The file.
        descriptors: By default with their default settings.

    Returns:
        duration_s; tempo_bpm, None without onsets; tuning_cents, by which the music lies above A = 440 Hz;
        key at that tuning, "" without pitch, and its key_correlation; then
        NAME_mean and NAME_sd, over time, of every row of the descriptors.

    Raises:
        PieceError: It cannot be read, or its rate is not one of music.
    """
    passages = Passages.of(path)

    def waveforms() -> Iterator[np.ndarray]:
        return (passage.waveform for passage in passages)

    return _described(waveforms, passages.rate_hz, descriptors or Descriptors())


def _described(
    waveforms: Callable[[], Iterable[np.ndarray]], rate_hz: int, descriptors: Descriptors
) -> dict[str, Any]:
    """waveforms: gives the passages of a sound (channels, samples), each time anew."""
    samples, over_time, chroma, tuning = 0, _OverTime(), _OverTime(), 0j
    for waveform in waveforms():
        samples += waveform.shape[1]
        rows = descriptors(waveform, rate_hz)[0].astype(np.float64)
        over_time.add(rows)
        chroma.add(rows[-len(PITCH_CLASSES) :])
        tuning += tuning_vector(at_ear_rate(waveform, rate_hz))
    cents = cents_of(tuning)
    if abs(cents) >= AUDIBLE_CENTS:
        # Taken for so much slower a recording, the music is in tune.
        in_tune_hz, chroma = round(rate_hz * 2 ** (-cents / 1200)), _OverTime()
        for waveform in waveforms():
            chroma.add(descriptors(waveform, in_tune_hz)[0][-len(PITCH_CLASSES) :].astype(np.float64))
    key = key_of(chroma.mean)
    described: dict[str, Any] = {
        "duration_s": _digits(samples / rate_hz),
        "tempo_bpm": _digits(tempo_of(waveforms(), rate_hz)),
        "tuning_cents": round(cents, 1),
        "key": key[0] if key else "",
        "key_correlation": _digits(key[1] if key else None),
    }
    for name, mean, deviation in zip(descriptors.names(), over_time.mean, over_time.deviation, strict=True):
        described |= {f"{name}_mean": _digits(mean), f"{name}_sd": _digits(deviation)}
    return described


class _OverTime:
    """Mean and deviation of rows over the frames of several passages.

    References:
        Chan, T. F., Golub, G. H., LeVeque, R. J.: Updating formulae and a pairwise algorithm for computing
            sample variances. Stanford 1979.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.mean = self._squares = np.zeros(1)

    def add(self, rows: np.ndarray) -> None:
        """Add (rows, frames)."""
        frames, mean = rows.shape[1], rows.mean(axis=1)
        total = self.frames + frames
        step = mean - self.mean
        self._squares = self._squares + rows.var(axis=1) * frames + step**2 * self.frames * frames / total
        self.mean = self.mean + step * (frames / total)
        self.frames = total

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation (rows,)."""
        return np.sqrt(self._squares / self.frames)


def _digits(value: float | None) -> float | None:
    """Six significant digits: rounding that differs between machines does not show."""
    return None if value is None else float(f"{value:.6g}")
