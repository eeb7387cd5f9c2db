"""Descriptors of timbre, loudness and harmony, frame by frame, in their natural units.

Definitions and edges are librosa's (McFee et al. 2015): centred frames, silence beyond the ends.
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
ZERO = 1e-10  # samples up to this size have no sign
C0_HZ = 440.0 / 16 * 2 ** (-9 / 12)  # the C below A0
CHROMA_CENTRE, CHROMA_WIDTH = 5.0, 2.0  # octaves above A0: where harmony is heard, and how far about


@dataclass(frozen=True)
class Descriptors:
    """Rows `names()` over time; lengths in samples at the rate of the audio. Channels are mixed.

    n_mels: mel bands (Slaney's, from 0 Hz to half the rate) from which `n_mfcc` coefficients are made.
    """

    uses_torch = True
    in_decibels = False  # rows are of many units
    bands_per_semitone = 0

    n_fft: int = 4096
    hop_length: int = 1024
    n_mels: int = 128
    n_mfcc: int = 20

    def check(self, sample_rate_hz: int) -> None:
        """Raise ValueError where these parameters cannot work."""
        if not 0 < self.hop_length <= self.n_fft or self.n_fft % 2:
            raise ValueError("features: 0 < hop_length <= n_fft must hold, and n_fft be even")
        if not 1 <= self.n_mfcc <= self.n_mels:
            raise ValueError("features: 1 <= n_mfcc <= n_mels must hold")

    def names(self) -> list[str]:
        """Names of the rows: share of samples with a change of sign, Hz, amplitude, then numbers."""
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
        """One, whatever the audio has: channels are mixed."""
        return 1

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return sample_rate_hz / self.hop_length

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> torch.Tensor:
        """Waveform (channels, samples) of float32 to (1, rows, 1 + samples // hop_length).

        Within a frame of silence every row but MFCC is 0.
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
    """Changes of sign within each frame by its samples, (frames,); beyond the ends the edge goes on."""
    import torch

    negative = padded(samples, size, "replicate") < -ZERO
    changes = torch.zeros(len(negative) + 1, dtype=torch.int64)
    changes[2:] = (negative[1:] != negative[:-1]).cumsum(0)
    starts = torch.arange(0, len(samples) + 1, hop)
    return (changes[starts + size] - changes[starts + 1]).to(torch.float32) / size


def _rms(frames: torch.Tensor) -> torch.Tensor:
    return frames.square().mean(dim=1).sqrt()


def _shape(magnitude: torch.Tensor, rate_hz: int) -> tuple[torch.Tensor, ...]:
    """Centroid, bandwidth and roll-off in Hz of magnitudes (frames, bins)."""
    import torch

    hz = torch.linspace(0, rate_hz / 2, magnitude.shape[1])
    total = magnitude.sum(dim=1, keepdim=True)
    share = torch.where(total > torch.finfo(torch.float32).tiny, magnitude / total, 0.0)
    centroid = share @ hz
    # Σ share (hz - centroid)², multiplied out, would lose its digits to the squares of high frequencies.
    bandwidth = (share * (hz - centroid[:, None]).square()).sum(dim=1).sqrt()
    cumulated = magnitude.cumsum(dim=1)
    below = (cumulated < ROLL_OFF_SHARE * cumulated[:, -1:]).sum(dim=1)
    return centroid, bandwidth, hz[below]


def _to_maximum(values: torch.Tensor) -> torch.Tensor:
    """Rows of `values` by their maximum; silent rows stay 0."""
    import torch

    most = values.amax(dim=1, keepdim=True)
    return torch.where(most > torch.finfo(torch.float32).tiny, values / most, 0.0)


@lru_cache(maxsize=4)
def _mel_bank(n_fft: int, n_mels: int, rate_hz: int) -> torch.Tensor:
    from torchaudio.functional import melscale_fbanks

    return melscale_fbanks(
        n_fft // 2 + 1, 0.0, rate_hz / 2, n_mels, rate_hz, norm="slaney", mel_scale="slaney"
    )


@lru_cache(maxsize=4)
def _chroma_bank(n_fft: int, rate_hz: int) -> np.ndarray:
    """Weights (bins, 12) of float32 from power to pitch classes, C first (Ellis 2007, as librosa's).

    Each bin falls on its pitch class and the neighbours by a Gaussian of its own width in semitones;
    octaves far from the middle of the keyboard count less.
    """
    hz = np.arange(1, n_fft) * rate_hz / n_fft
    semitones = 12 * np.log2(hz / C0_HZ)
    # 0 Hz has no pitch: it is put an octave and a half below the first bin, where it weighs nothing.
    semitones = np.concatenate([[semitones[0] - 18], semitones])
    width = np.concatenate([np.maximum(np.diff(semitones), 1.0), [1.0]])
    distance = (semitones[:, None] - np.arange(12) + 6) % 12 - 6
    weights = np.exp(-0.5 * (2 * distance / width[:, None]) ** 2)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    octaves = (semitones - 9) / 12  # from A0
    weights *= np.exp(-0.5 * ((octaves - CHROMA_CENTRE) / CHROMA_WIDTH) ** 2)[:, None]
    return weights[: n_fft // 2 + 1].astype(np.float32)
