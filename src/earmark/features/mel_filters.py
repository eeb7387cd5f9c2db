"""Triangular filters on the mel scale, Slaney's or HTK's, equal to librosa's, and the cosines of cepstra.

Computed in float64: torchaudio's are float32, which moves weak bands beside loud ones by up to 0.003 dB.

References:
    M. Slaney, Auditory Toolbox, Interval Research Corporation, 1998.
    S. Young et al., The HTK Book.
"""

from __future__ import annotations

import numpy as np

# Slaney (1998): linear up to 1 kHz, 27 steps from there to 6.4 kHz.
LINEAR_HZ = 200 / 3  # Hz of a mel below the break
BREAK_HZ = 1000.0
LOG_STEP = np.log(6.4) / 27


def mel_of(hz: np.ndarray, scale: str) -> np.ndarray:
    """Frequencies on the mel scale.

    Args:
        hz: Frequencies in Hz, of any shape.
        scale: `slaney`, or `htk` for 2595 log10(1 + f / 700).

    Returns:
        Mels, in the shape of `hz`.
    """
    hz = np.asarray(hz, dtype=np.float64)
    if scale == "htk":
        return 2595 * np.log10(1 + hz / 700)
    above = np.log(np.maximum(hz, BREAK_HZ) / BREAK_HZ) / LOG_STEP
    return np.minimum(hz, BREAK_HZ) / LINEAR_HZ + above


def hz_of(mel: np.ndarray, scale: str) -> np.ndarray:
    """Frequencies in Hz of mels: the inverse of `mel_of`."""
    mel = np.asarray(mel, dtype=np.float64)
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    at_break = BREAK_HZ / LINEAR_HZ
    return np.minimum(mel, at_break) * LINEAR_HZ * np.exp(LOG_STEP * np.maximum(mel - at_break, 0))


def mel_filters(
    n_fft: int, rate_hz: int, n_mels: int, f_min_hz: float, f_max_hz: float, scale: str, norm: str | None
) -> np.ndarray:
    """Weights of a spectrum's bins in each mel band.

    The triangle of a band peaks at its centre frequency and is 0 at its neighbours'.

    Args:
        n_fft: Samples of a transform.
        rate_hz: Sampling rate, Hz.
        n_mels: Mel bands.
        f_min_hz: Lower edge of the lowest band, Hz.
        f_max_hz: Upper edge of the highest band, Hz.
        scale: `slaney` or `htk`.
        norm: `slaney` gives each triangle the area 1 over Hz, None the height 1.

    Returns:
        (n_mels, 1 + n_fft // 2) of float64.
    """
    bins_hz = np.arange(1 + n_fft // 2) * (rate_hz / n_fft)
    low, high = mel_of(np.array([f_min_hz, f_max_hz]), scale)
    edges_hz = hz_of(np.linspace(low, high, n_mels + 2), scale)
    widths = np.diff(edges_hz)[:, None]
    rising = (bins_hz - edges_hz[:-2, None]) / widths[:-1]
    falling = (edges_hz[2:, None] - bins_hz) / widths[1:]
    filters = np.maximum(0, np.minimum(rising, falling))
    return filters * (2 / (edges_hz[2:] - edges_hz[:-2]))[:, None] if norm == "slaney" else filters


def cepstral_cosines(n_mfcc: int, n_mels: int) -> np.ndarray:
    """The orthonormal cosine transform (DCT-II) that makes cepstral coefficients of mel bands in dB.

    Args:
        n_mfcc: Coefficients that are kept.
        n_mels: Mel bands.

    Returns:
        (n_mels, n_mfcc) of float64, to be multiplied by from the right.
    """
    angle = np.pi / n_mels * (np.arange(n_mels) + 0.5)[:, None] * np.arange(n_mfcc)
    cosines = np.cos(angle) * np.sqrt(2 / n_mels)
    cosines[:, 0] /= np.sqrt(2)
    return cosines
