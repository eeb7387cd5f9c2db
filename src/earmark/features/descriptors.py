"""Descriptors of timbre, loudness and harmony, frame by frame, in their natural units.

Definitions and edges are librosa's: centred frames, zeros beyond the ends.

References:
    B. McFee et al., librosa: Audio and music signal analysis in Python, SciPy, 2015.
    D. P. W. Ellis, Chroma feature analysis and synthesis, 2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from earmark.features.frames import frame_blocks, hann, mono, padded, spectrum
from earmark.features.mel_filters import cepstral_cosines, mel_filters

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
ROLL_OFF_SHARE = 0.85
SMALLEST_POWER = 1e-10  # -100 dB
TOP_DB = 80.0  # range below the piece's maximum that MFCC are computed from
ZERO = 1e-10  # samples above -ZERO count as positive
TINY = float(np.finfo(np.float32).tiny)  # what is less is silence
C0_HZ = 440.0 / 16 * 2 ** (-9 / 12)  # the C below A0
CHROMA_CENTRE, CHROMA_WIDTH = 5.0, 2.0  # octaves above A0: mean and deviation of the weights of octaves


@dataclass(frozen=True)
class Descriptors:
    """Descriptors of the mean of the channels, the rows of `names()` over time.

    Attributes:
        uses_torch: Whether the transform runs in torch.
        in_decibels: False: rows have different units.
        bands_per_semitone: 0: rows are no bands.
        n_fft: Samples of a frame.
        hop_length: Samples from a frame to the next.
        n_mels: Mel bands (Slaney's, from 0 Hz to half the rate) that the MFCC are computed from.
        n_mfcc: Mel-frequency cepstral coefficients.
    """

    uses_torch = False
    in_decibels = False
    bands_per_semitone = 0

    n_fft: int = 4096
    hop_length: int = 1024
    n_mels: int = 128
    n_mfcc: int = 20

    def check(self, sample_rate_hz: int) -> None:
        """Check that the settings can work.

        Args:
            sample_rate_hz: Sampling rate of the audio, Hz.

        Raises:
            ValueError: Where a setting cannot work at this rate; the message names it.
        """
        if not 0 < self.hop_length <= self.n_fft or self.n_fft % 2:
            raise ValueError("features: 0 < hop_length <= n_fft must hold, and n_fft be even")
        if not 1 <= self.n_mfcc <= self.n_mels:
            raise ValueError("features: 1 <= n_mfcc <= n_mels must hold")

    def names(self) -> list[str]:
        """Names of the rows.

        The zero-crossing rate is a share of samples, the spectral rows are in Hz, the RMS is an amplitude;
        MFCC and chroma have no unit.
        """
        return [
            "zero_crossing_rate",
            "spectral_centroid_hz",
            "spectral_bandwidth_hz",
            "spectral_rolloff_hz",
            "rms",
            *(f"mfcc_{number}" for number in range(1, self.n_mfcc + 1)),
            *(f"chroma_{name}" for name in PITCH_CLASSES),
        ]

    def bands(self) -> int:
        """Rows of the result."""
        return 5 + self.n_mfcc + len(PITCH_CLASSES)

    def channels(self, audio_channels: int) -> int:
        """Channels of the result: 1, the mean of the audio's channels."""
        return 1

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return sample_rate_hz / self.hop_length

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Descriptors of a waveform; in a silent frame all rows but the MFCC are 0.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Sampling rate, Hz.

        Returns:
            (1, rows, 1 + samples // hop_length) of float32.

        Raises:
            PieceError: Where there are no samples.
        """
        samples = mono(waveform)
        window = hann(self.n_fft)
        mel_bank = _mel_bank(self.n_fft, self.n_mels, sample_rate_hz)
        chroma_bank = _chroma_bank(self.n_fft, sample_rate_hz)
        rows, mel, chroma = [], [], []
        for frames in frame_blocks(samples, self.n_fft, self.hop_length):
            magnitude = np.abs(spectrum(frames, window))
            power = np.square(magnitude)
            rows.append(np.stack([*_shape(magnitude, sample_rate_hz), _rms(frames)]))
            mel.append(10 * np.log10(np.maximum(power @ mel_bank, SMALLEST_POWER)))
            chroma.append(_to_maximum(power @ chroma_bank))
        decibels = np.concatenate(mel)
        decibels = np.maximum(decibels, decibels.max() - TOP_DB)
        mfcc = decibels @ cepstral_cosines(self.n_mfcc, self.n_mels)
        crossings = _zero_crossing_rate(samples, self.n_fft, self.hop_length)
        stacked = [crossings[None], np.concatenate(rows, 1), mfcc.T, np.concatenate(chroma).T]
        return np.concatenate(stacked).astype(np.float32)[None]


def _zero_crossing_rate(samples: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Changes of sign within each frame per sample: (frames,); the ends are extended by their samples."""
    negative = padded(samples, size, "edge") < -ZERO
    changes = np.zeros(len(negative) + 1, np.int64)
    np.cumsum(negative[1:] != negative[:-1], out=changes[2:])
    starts = np.arange(0, len(samples) + 1, hop)
    return (changes[starts + size] - changes[starts + 1]) / size


def _rms(frames: np.ndarray) -> np.ndarray:
    """Root mean square (frames,) of frames (frames, samples)."""
    return np.sqrt(np.square(frames, dtype=np.float64).mean(axis=1))


def _shape(magnitude: np.ndarray, rate_hz: int) -> tuple[np.ndarray, ...]:
    """Centroid, bandwidth and roll-off in Hz of magnitudes (frames, bins)."""
    hz = np.linspace(0, rate_hz / 2, magnitude.shape[1])
    total = magnitude.sum(axis=1, keepdims=True)
    share = np.where(total > TINY, magnitude / np.maximum(total, TINY), 0.0)
    centroid = share @ hz
    # The sum is not multiplied out: the squares of high frequencies would cancel its digits.
    bandwidth = np.sqrt((share * np.square(hz - centroid[:, None])).sum(axis=1))
    cumulated = np.cumsum(magnitude, axis=1)
    below = (cumulated < ROLL_OFF_SHARE * cumulated[:, -1:]).sum(axis=1)
    return centroid, bandwidth, hz[below]


def _to_maximum(values: np.ndarray) -> np.ndarray:
    """Rows of `values` divided by their maximum; silent rows stay 0."""
    most = values.max(axis=1, keepdims=True)
    return np.where(most > TINY, values / np.maximum(most, TINY), 0.0)


@lru_cache(maxsize=4)
def _mel_bank(n_fft: int, n_mels: int, rate_hz: int) -> np.ndarray:
    """Slaney's mel filters (bins, n_mels)."""
    return np.ascontiguousarray(mel_filters(n_fft, rate_hz, n_mels, 0.0, rate_hz / 2, "slaney", "slaney").T)


@lru_cache(maxsize=4)
def _chroma_bank(n_fft: int, rate_hz: int) -> np.ndarray:
    """Weights (bins, 12) from power to pitch classes, C first, equal to librosa's.

    A bin contributes to its pitch class and the neighbouring ones by a Gaussian whose width is that of the
    bin in semitones; octaves far from `CHROMA_CENTRE` have less weight (Ellis 2007).
    """
    hz = np.arange(1, n_fft) * rate_hz / n_fft
    semitones = 12 * np.log2(hz / C0_HZ)
    # 0 Hz has no pitch: it is put an octave and a half below the first bin, where its weight is negligible.
    semitones = np.concatenate([[semitones[0] - 18], semitones])
    width = np.concatenate([np.maximum(np.diff(semitones), 1.0), [1.0]])
    distance = (semitones[:, None] - np.arange(12) + 6) % 12 - 6
    weights = np.exp(-0.5 * (2 * distance / width[:, None]) ** 2)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    octaves = (semitones - 9) / 12  # from A0
    weights *= np.exp(-0.5 * ((octaves - CHROMA_CENTRE) / CHROMA_WIDTH) ** 2)[:, None]
    return weights[: n_fft // 2 + 1]
