"""Log-mel spectrogram (torchaudio): the front end of most music classifiers.

Power spectrogram, triangular mel filters (Slaney's or HTK's scale), decibels relative to full scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earmark.errors import PieceError

if TYPE_CHECKING:
    import torch

SMALLEST_POWER = 1e-10  # -100 dB: below 16-bit quantisation noise in any mel band


@dataclass(frozen=True)
class LogMel:
    """Parameters of the transform; lengths in samples at the rate of the audio.

    f_max_hz: upper edge of the highest mel band; 0 for half the sampling rate.
    top_db: range below each piece's own maximum that is kept, in dB; 0 keeps all.
    """

    in_decibels = True  # rows are neighbouring bands in dB, which augmentation may shift and silence

    n_fft: int = 2048
    win_length: int = 2048
    hop_length: int = 512
    n_mels: int = 96
    f_min_hz: float = 30.0
    f_max_hz: float = 0.0
    mel_scale: str = "slaney"
    norm: str | None = "slaney"
    top_db: float = 80.0

    def check(self, sample_rate_hz: int) -> None:
        """Raise ValueError where these parameters cannot work at `sample_rate_hz`."""
        nyquist = sample_rate_hz / 2
        if not 0 < self.hop_length <= self.win_length <= self.n_fft:
            raise ValueError("features: hop_length <= win_length <= n_fft must hold")
        if self.f_max_hz > nyquist:
            raise ValueError(
                f"features.f_max_hz={self.f_max_hz:g} is above half of audio.sample_rate={sample_rate_hz}"
            )
        if not 0 <= self.f_min_hz < (self.f_max_hz or nyquist):
            raise ValueError("features: f_min_hz must lie below f_max_hz")
        if self.n_mels < 1:
            raise ValueError(f"features.n_mels={self.n_mels} must be 1 or more")
        if self.mel_scale not in ("slaney", "htk"):
            raise ValueError(f"features.mel_scale={self.mel_scale} must be slaney or htk")
        if self.norm not in ("slaney", None):
            raise ValueError(f"features.norm={self.norm} must be slaney or null")
        if self.top_db < 0:
            raise ValueError(f"features.top_db={self.top_db:g} must be 0 or more")

    def bands(self) -> int:
        """Rows of the result."""
        return self.n_mels

    def channels(self, audio_channels: int) -> int:
        """As many as the audio has: each has its own spectrogram."""
        return audio_channels

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return sample_rate_hz / self.hop_length

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> torch.Tensor:
        """Waveform (channels, samples) of float32 to (channels, n_mels, 1 + samples // hop_length), dB.

        Raises PieceError for fewer samples than the window's half, by which the edges are reflected.
        """
        import torch
        from torchaudio.transforms import AmplitudeToDB, MelSpectrogram

        samples = waveform.shape[1]
        if samples <= self.n_fft // 2:
            raise PieceError(f"lasts {samples} samples, too short for features.n_fft={self.n_fft}")
        mel = MelSpectrogram(
            sample_rate=sample_rate_hz,
            n_fft=self.n_fft,
            win_length=self.win_length,
            hop_length=self.hop_length,
            f_min=self.f_min_hz,
            f_max=self.f_max_hz or None,
            n_mels=self.n_mels,
            power=2.0,
            norm=self.norm,
            mel_scale=self.mel_scale,
        )
        decibels = AmplitudeToDB(stype="power", top_db=self.top_db or None)
        decibels.amin = SMALLEST_POWER
        with torch.inference_mode():
            return decibels(mel(torch.from_numpy(np.ascontiguousarray(waveform))))
