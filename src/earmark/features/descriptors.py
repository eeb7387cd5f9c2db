"""Descriptors of timbre, loudness and harmony, frame by frame, in their natural units.

Definitions and edges are librosa's: centred frames, zeros beyond the ends.

References:
    B. McFee et al., librosa: Audio and music signal analysis in Python, SciPy, 2015.
    D. P. W. Ellis, Chroma feature analysis and synthesis, 2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from earmark.features.frames import frame_blocks, mono, padded

if TYPE_CHECKING:
    import torch

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
ROLL_OFF_SHARE = 0.85
SMALLEST_POWER = 1e-10  # -100 dB
TOP_DB = 80.0  # range below the piece's maximum that MFCC are computed from
ZERO = 1e-10  # samples above -ZERO count as positive
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

    uses_torch = True
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

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> torch.Tensor:
        """Descriptors of a waveform; in a silent frame all rows but the MFCC are 0.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Sampling rate, Hz.

        Returns:
            (1, rows, 1 + samples // hop_length) of float32.

        Raises:
            PieceError: Where there are no samples.
        """
        import torch
        from torchaudio.functional import create_dct

        samples = mono(waveform)
        window = torch.hann_window(self.n_fft)
        mel_bank = _mel_bank(self.n_fft, self.n_mels, sample_rate_hz)
        chroma_bank = torch.from_numpy(_chroma_bank(self.n_fft, sample_rate_hz))
        rows, mel, chroma = [], [], []
        with torch.inference_mode():
            for frames in frame_blocks(samples, self.n_fft, self.hop_length):
                magnitude = torch.fft.rfft(frames * window).abs()
                power = magnitude.square()
                rows.append(torch.stack([*_shape(magnitude, sample_rate_hz), _rms(frames)]))
                mel.append(power @ mel_bank)
                chroma.append(_to_maximum(power @ chroma_bank))
            decibels = 10 * torch.log10(torch.cat(mel).clamp_min(SMALLEST_POWER))
            decibels = decibels.clamp_min(float(decibels.max()) - TOP_DB)
            mfcc = decibels @ create_dct(self.n_mfcc, self.n_mels, norm="ortho")
            crossings = _zero_crossing_rate(samples, self.n_fft, self.hop_length)
            return torch.cat([crossings[None], *[torch.cat(rows, 1)], mfcc.T, torch.cat(chroma).T])[None]


def _zero_crossing_rate(samples: torch.Tensor, size: int, hop: int) -> torch.Tensor:
    """Changes of sign within each frame per sample: (frames,); the ends are extended by their samples."""
    import torch

    negative = padded(samples, size, "replicate") < -ZERO
    changes = torch.zeros(len(negative) + 1, dtype=torch.int64)
    changes[2:] = (negative[1:] != negative[:-1]).cumsum(0)
    starts = torch.arange(0, len(samples) + 1, hop)
    return (changes[starts + size] - changes[starts + 1]).to(torch.float32) / size


def _rms(frames: torch.Tensor) -> torch.Tensor:
    """Root mean square (frames,) of frames (frames, samples)."""
    return frames.square().mean(dim=1).sqrt()


def _shape(magnitude: torch.Tensor, rate_hz: int) -> tuple[torch.Tensor, ...]:
    """Centroid, bandwidth and roll-off in Hz of magnitudes (frames, bins)."""
    import torch

    hz = torch.linspace(0, rate_hz / 2, magnitude.shape[1])
    total = magnitude.sum(dim=1, keepdim=True)
    share = torch.where(total > torch.finfo(torch.float32).tiny, magnitude / total, 0.0)
    centroid = share @ hz
    # The sum is not multiplied out: the squares of high frequencies would cancel its digits.
    bandwidth = (share * (hz - centroid[:, None]).square()).sum(dim=1).sqrt()
    cumulated = magnitude.cumsum(dim=1)
    below = (cumulated < ROLL_OFF_SHARE * cumulated[:, -1:]).sum(dim=1)
    return centroid, bandwidth, hz[below]


def _to_maximum(values: torch.Tensor) -> torch.Tensor:
    """Rows of `values` divided by their maximum; silent rows stay 0."""
    import torch

    most = values.amax(dim=1, keepdim=True)
    return torch.where(most > torch.finfo(torch.float32).tiny, values / most, 0.0)


@lru_cache(maxsize=4)
def _mel_bank(n_fft: int, n_mels: int, rate_hz: int) -> torch.Tensor:
    """Slaney's mel filters (bins, n_mels) of float32."""
    from torchaudio.functional import melscale_fbanks

    return melscale_fbanks(
        n_fft // 2 + 1, 0.0, rate_hz / 2, n_mels, rate_hz, norm="slaney", mel_scale="slaney"
    )


@lru_cache(maxsize=4)
def _chroma_bank(n_fft: int, rate_hz: int) -> np.ndarray:
    """Weights (bins, 12) of float32 from power to pitch classes, C first, equal to librosa's.

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
    return weights[: n_fft // 2 + 1].astype(np.float32)
