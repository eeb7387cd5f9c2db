"""Log-mel spectrogram.

Power spectrogram, triangular mel filters (Slaney's or HTK's scale), decibels relative to full scale; equal
to librosa's. It is implemented here for speed: torchaudio's transform holds the whole complex spectrogram,
multiplies it by a filter bank that is nearly all zeros, and takes three times as long (docs/performance.md).
NumPy is as fast here as torch, which takes a worker longer to import than to transform ten pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from earmark.features.mel_filters import mel_filters
from earmark.foundation.deadline import check_deadline
from earmark.foundation.errors import PieceError

SMALLEST_POWER, LOWEST_DB = 1e-10, -100.0  # below 16-bit quantisation noise in any mel band
BLOCK = 1 << 17  # samples of frames transformed at a time: 1 MB in float64, which fits a core's cache
# A transform in float32 has an error of 1e-7 of a frame's loudest bin: 1e-5 dB for a band 40 dB below it, ten
# times more for each further 20 dB. Up to this range (top_db) float32 is used, beyond it float64.
SINGLE_PRECISION_DB = 50.0
# Bands multiplied at a time, by the bins that they cover. So small a product is not split between BLAS
# threads, whose synchronisation would take longer than the product.
BANDS_A_GROUP = 8


@dataclass(frozen=True)
class LogMel:
    """Log-mel spectrogram of each channel; conf/features/mel.yaml states the settings of experiments.

    Attributes:
        uses_torch: Whether the transform runs in torch.
        in_decibels: True: rows are neighbouring bands in dB, which augmentation may shift and mask.
        bands_per_semitone: 0: mel bands are no musical intervals.
        n_fft: Samples of a transform.
        win_length: Samples of the Hann window in the middle of a transform's frame.
        hop_length: Samples from a frame to the next.
        n_mels: Mel bands.
        f_min_hz: Lower edge of the lowest mel band, Hz.
        f_max_hz: Upper edge of the highest mel band, Hz; 0 for half the sampling rate.
        mel_scale: `slaney` or `htk`.
        norm: `slaney` for filters of area 1 over Hz, None for filters of height 1.
        top_db: Range below the piece's maximum that is kept, dB; 0 keeps all.
    """

    uses_torch = False
    in_decibels = True
    bands_per_semitone = 0

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
        """Check that the settings can work.

        Args:
            sample_rate_hz: Sampling rate of the audio, Hz.

        Raises:
            ValueError: Where a setting cannot work at this rate; the message names it.
        """
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
        if self.n_mels > self.n_fft // 2:
            raise ValueError(f"features.n_mels={self.n_mels}: n_fft={self.n_fft} has {self.n_fft // 2} bins")
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
        """Channels of the result: one spectrogram for each of the audio's."""
        return audio_channels

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return sample_rate_hz / self.hop_length

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Log-mel spectrogram of a waveform.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Sampling rate, Hz.

        Returns:
            (channels, n_mels, 1 + samples // hop_length) of float32, dB of full scale.

        Raises:
            PieceError: Where there are no more samples than half of `n_fft`, by which the edges are
                reflected.
        """
        samples = waveform.shape[1]
        if samples <= self.n_fft // 2:
            raise PieceError(f"lasts {samples} samples, too short for features.n_fft={self.n_fft}")
        power = np.stack([self._mel_power(channel, sample_rate_hz) for channel in waveform])
        decibels = 10 * np.log10(np.maximum(power, SMALLEST_POWER))
        highest = float(decibels.max())
        return np.maximum(decibels, max(LOWEST_DB, highest - self.top_db) if self.top_db else LOWEST_DB)

    def _mel_power(self, samples: np.ndarray, rate_hz: int) -> np.ndarray:
        """Mel power (n_mels, frames) of one channel (samples,)."""
        from scipy import fft

        # Reflected edges: pad_mode="reflect" of librosa and torch.stft.
        padded = np.pad(samples.astype(np.float32, copy=False), self.n_fft // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.n_fft)[:: self.hop_length]
        single = 0 < self.top_db <= SINGLE_PRECISION_DB
        window = _window(self.win_length, self.n_fft, np.float32 if single else np.float64)
        groups = self._filters(rate_hz)
        mel = np.zeros((len(frames), self.n_mels), np.float32)
        size = max(BLOCK // self.n_fft, 1)
        for start in range(0, len(frames), size):
            check_deadline()
            spectrum = np.asarray(fft.rfft(frames[start : start + size] * window, overwrite_x=True))
            squares = np.square(spectrum.view(window.dtype).astype(np.float32, copy=False))
            for group in groups:
                mel[start : start + size, group.bands] = squares[:, group.squares] @ group.weights
        return np.ascontiguousarray(mel.T)

    def _filters(self, rate_hz: int) -> tuple[_FilterGroup, ...]:
        f_max_hz = self.f_max_hz or rate_hz / 2
        return _filters(self.n_fft, rate_hz, self.n_mels, self.f_min_hz, f_max_hz, self.mel_scale, self.norm)


@dataclass(frozen=True)
class _FilterGroup:
    """Neighbouring mel bands and their filters.

    Attributes:
        bands: Rows of the result.
        squares: Columns of the squared spectrum, where real and imaginary parts alternate.
        weights: (squares, bands), each filter's weight twice, so that the product adds the two parts.
    """

    bands: slice
    squares: slice
    weights: np.ndarray


@lru_cache(maxsize=8)
def _filters(
    n_fft: int, rate_hz: int, n_mels: int, f_min_hz: float, f_max_hz: float, mel_scale: str, norm: str | None
) -> tuple[_FilterGroup, ...]:
    """The filters of `mel_filters` in groups of BANDS_A_GROUP bands."""
    filters = mel_filters(n_fft, rate_hz, n_mels, f_min_hz, f_max_hz, mel_scale, norm)
    groups = []
    for first in range(0, n_mels, BANDS_A_GROUP):
        bands = slice(first, min(first + BANDS_A_GROUP, n_mels))
        used = np.flatnonzero(filters[bands].any(axis=0))
        if len(used):  # bands narrower than a bin may be empty: their power stays 0
            low, high = int(used[0]), int(used[-1]) + 1
            weights = np.repeat(filters[bands, low:high].T.astype(np.float32), 2, axis=0)
            groups.append(_FilterGroup(bands, slice(2 * low, 2 * high), weights))
    return tuple(groups)


@lru_cache(maxsize=8)
def _window(length: int, n_fft: int, dtype: type) -> np.ndarray:
    """A periodic Hann window of `length` in the middle of `n_fft` samples."""
    left = (n_fft - length) // 2
    window = np.zeros(n_fft)
    window[left : left + length] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window.astype(dtype)
