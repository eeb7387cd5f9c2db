"""Which frequencies the rows of features stand for, for pictures."""

from __future__ import annotations

import numpy as np

from earmark.foundation.contracts import FrontEnd

ROUND_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


def band_hz(front_end: FrontEnd, rate_hz: int) -> np.ndarray | None:
    """The middle frequency of each row, Hz (bands,), rising; None where rows are no frequencies.

    Args:
        front_end: Made the features.
        rate_hz: Sampling rate of the sound.
    """
    from earmark.features.ear.spectrum import LOWEST_PITCH, PITCHES
    from earmark.features.mel import LogMel
    from earmark.features.mel_filters import hz_of, mel_of
    from earmark.features.notes import HeardNotes
    from earmark.features.pitch import PitchSpectrogram

    if isinstance(front_end, LogMel):
        edges_hz = np.array([front_end.f_min_hz, front_end.f_max_hz or rate_hz / 2])
        low, high = mel_of(edges_hz, front_end.mel_scale)
        return hz_of(np.linspace(low, high, front_end.n_mels + 2)[1:-1], front_end.mel_scale)
    if isinstance(front_end, PitchSpectrogram):
        return front_end.band_hz()
    if isinstance(front_end, HeardNotes) and not front_end.instruments:
        return 440.0 * 2 ** ((LOWEST_PITCH + np.arange(PITCHES) - 69) / 12)
    return None


def ticks(hz: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Places and words of round frequencies on an axis whose row i reaches from i to i + 1.

    Args:
        hz: Of the rows (bands,), rising.
    """
    shown = [tick for tick in ROUND_HZ if hz[0] <= tick <= hz[-1]]
    places = np.interp(np.log(shown), np.log(np.maximum(hz, 1e-3)), np.arange(len(hz)) + 0.5)
    return places, [f"{tick:,}" for tick in shown]
