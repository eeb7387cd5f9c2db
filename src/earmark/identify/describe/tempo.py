"""Tempo from the periodicity of note onsets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from earmark.features.mel import LogMel
from earmark.foundation.errors import PieceError
from earmark.music.recordings.audio import LOWEST_RATE_HZ

ONSET_HOP_S, ONSET_WINDOW_S = 0.01, 0.046  # between frames; of a frame
MELS = 40
SMOOTHED_S = 0.05  # half width of what counts as one onset
PERIODICITY_S, PERIODICITY_HOP_S = 8.0, 1.0  # length of music whose period is sought; between those
CENTRE_BPM = 120.0  # where tempi are most likely; the prior's deviation is an octave
SLOWEST_BPM, FASTEST_BPM = 30.0, 300.0
SHORTEST_S = 2.0


@dataclass(frozen=True)
class Pulse:
    """The pulse of music.

    Attributes:
        tempo_bpm: Beats a minute.
        clarity: How regular it is: autocorrelation of onset strength at the period, 1 where all repeats.
    """

    tempo_bpm: float
    clarity: float


def tempo_bpm(waveform: np.ndarray, rate_hz: int) -> float | None:
    """Tempo of a waveform: that of its pulse, as `pulse_of` finds it.

    Returns:
        Beats a minute; None without onsets or for less than 2 s.
    """
    pulse = pulse_of(waveform, rate_hz)
    return None if pulse is None else pulse.tempo_bpm


def pulse_of(waveform: np.ndarray, rate_hz: int) -> Pulse | None:
    """Pulse of a waveform.

    Onset strength is the mean rise of log-mel bands. The period is the maximum of its autocorrelation in Hann
    windows of 8 s, averaged, times a log-normal prior about 120 a minute. The result may be half or twice the
    tempo: where beats of twice the period fit as well, the prior decides, and it halves an even pulse of more
    than about 170 a minute. Its clarity is that maximum, divided by the autocorrelation of the Hann window:
    above 0.5 for sequenced music, about 0.4 where beats vary by a twentieth, below 0.2 where they vary by a
    seventh, and for noise.

    Args:
        waveform: (channels, samples).
        rate_hz: Its rate.

    Returns:
        None without onsets or for less than 2 s.

    Raises:
        PieceError: The rate is not one of music.

    References:
        Ellis, D. P. W.: Beat tracking by dynamic programming. Journal of New Music Research 36 (2007).
        Lartillot, O., et al.: Multi-feature modeling of pulse clarity. ISMIR 2008.
    """
    return pulse_of_passages([waveform], rate_hz)


def tempo_of(passages: Iterable[np.ndarray], rate_hz: int) -> float | None:
    """Tempo of the passages of a sound, waveforms (channels, samples); see `tempo_bpm`."""
    pulse = pulse_of_passages(passages, rate_hz)
    return None if pulse is None else pulse.tempo_bpm


def pulse_of_passages(passages: Iterable[np.ndarray], rate_hz: int) -> Pulse | None:
    """Pulse of the passages of a sound, waveforms (channels, samples); see `pulse_of`."""
    periodicity, windows = np.zeros(1), 0
    for waveform in passages:
        if waveform.shape[1] >= SHORTEST_S * rate_hz:
            summed, count = _periodicity(waveform, rate_hz)
            periodicity, windows = periodicity + summed, windows + count
    if not windows:
        return None
    mean = periodicity / windows
    frame_rate_hz = rate_hz / round(ONSET_HOP_S * rate_hz)
    lags = np.arange(round(60 * frame_rate_hz / FASTEST_BPM), round(60 * frame_rate_hz / SLOWEST_BPM) + 1)
    octaves = np.log2(60 * frame_rate_hz / lags / CENTRE_BPM)
    best = int(lags[np.argmax(np.maximum(mean[lags], 0) * np.exp(-0.5 * octaves**2))])
    of_window = _autocorrelation(np.hanning(round(PERIODICITY_S * frame_rate_hz))[None])[0]
    clarity = mean[best] * of_window[0] / of_window[best]
    tempo = 60 * frame_rate_hz / (best + _vertex(*mean[best - 1 : best + 2]))
    return Pulse(float(tempo), float(np.clip(clarity, 0, 1)))


def _periodicity(waveform: np.ndarray, rate_hz: int) -> tuple[np.ndarray, int]:
    """Sum of the normalised autocorrelations (lags,) of windows in which something begins, and their number.

    Raises:
        PieceError: The rate is not one of music.
    """
    if rate_hz < LOWEST_RATE_HZ:
        raise PieceError(f"its sampling rate of {rate_hz} Hz is not one of music")
    hop = round(ONSET_HOP_S * rate_hz)
    frame_rate_hz = rate_hz / hop
    onsets = _onset_strength(waveform, rate_hz, hop)
    size, step = round(PERIODICITY_S * frame_rate_hz), round(PERIODICITY_HOP_S * frame_rate_hz)
    onsets = np.pad(onsets, (0, max(size - len(onsets), 0)))
    hann = np.hanning(size)
    correlation = _autocorrelation(np.lib.stride_tricks.sliding_window_view(onsets, size)[::step] * hann)
    sounding = correlation[:, 0] > 0
    return (correlation[sounding] / correlation[sounding, :1]).sum(axis=0), int(sounding.sum())


def _autocorrelation(rows: np.ndarray) -> np.ndarray:
    """Of each row (rows, samples), for lags below its length."""
    size = rows.shape[1]
    return np.fft.irfft(np.abs(np.fft.rfft(rows, n=2 * size)) ** 2)[:, :size]


def _onset_strength(waveform: np.ndarray, rate_hz: int, hop: int) -> np.ndarray:
    """Mean rise of the bands in dB from frame to frame, smoothed, (frames - 1,), less its mean."""
    n_fft = 2 ** round(np.log2(ONSET_WINDOW_S * rate_hz))
    mel = LogMel(n_fft, n_fft, hop, MELS, f_min_hz=0.0, mel_scale="slaney", norm="slaney")
    decibels = mel(waveform.mean(axis=0, keepdims=True), rate_hz)[0]
    rise = np.maximum(np.diff(decibels, axis=1), 0).mean(axis=0)
    # As wide as players are exact, so that a period need not be a whole number of frames.
    rise = np.convolve(rise, np.hanning(2 * round(SMOOTHED_S / ONSET_HOP_S) + 1), mode="same")
    return rise - rise.mean()


def _vertex(left: float, middle: float, right: float) -> float:
    """Where the parabola through three neighbours has its maximum, in steps from the middle."""
    curvature = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)) if curvature < 0 else 0.0
