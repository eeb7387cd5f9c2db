"""Pitch spectrogram: bands at equal musical intervals, in which a transposition is a shift.

A constant-Q transform with windows of bounded length: each band correlates the sound with a windowed sinusoid
of its pitch, of the length that the band's width requires, at most `window_s`. Bounded windows separate
successive notes of the bass in time. Below about 140 Hz (for thirds of a semitone and 0.37 s) bands overlap
more than their spacing; the strongest one is still that of the pitch.

References:
    J. C. Brown, Calculation of a constant Q spectral transform, J. Acoust. Soc. Am. 89(1), 1991.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from earmark.features.frames import frame_blocks, mono

A4_HZ, A4_PITCH = 440.0, 69
SMALLEST_AMPLITUDE = 1e-5  # -100 dB
SHORTEST = 64  # samples of the shortest window, so that the highest bands still resolve a sinusoid
BLOCK = 64  # frames multiplied at a time: 4 MB in float64


@dataclass(frozen=True)
class PitchSpectrogram:
    """Pitch spectrogram of the mean of the channels.

    Attributes:
        uses_torch: Whether the transform runs in torch.
        in_decibels: True: rows are neighbouring bands in dB, which augmentation may shift and mask.
        lowest_pitch: MIDI number of the lowest band.
        octaves: Octaves that the bands span.
        bands_per_semitone: Bands of a semitone.
        window_s: Longest window, seconds.
        hop_s: Time from a frame to the next, seconds, rounded to whole samples.
        top_db: Range below the piece's maximum that is kept, dB; 0 keeps all.
    """

    uses_torch = False
    in_decibels = True

    lowest_pitch: int = 24
    octaves: int = 7
    bands_per_semitone: int = 3
    window_s: float = 0.3715
    hop_s: float = 0.1
    top_db: float = 80.0

    def check(self, sample_rate_hz: int) -> None:
        """Check that the settings can work.

        Args:
            sample_rate_hz: Sampling rate of the audio, Hz.

        Raises:
            ValueError: Where a setting cannot work at this rate; the message names it.
        """
        if self.octaves < 1 or self.bands_per_semitone < 1:
            raise ValueError("features: octaves and bands_per_semitone must be 1 or more")
        if not 0 <= self.lowest_pitch <= 127:
            raise ValueError(f"features.lowest_pitch={self.lowest_pitch} must lie within 0 and 127")
        highest_hz = float(self.band_hz()[-1])
        if highest_hz >= sample_rate_hz / 2:
            raise ValueError(
                f"features.octaves={self.octaves}: the highest band, {highest_hz:.0f} Hz, must lie below "
                f"half of audio.sample_rate={sample_rate_hz}"
            )
        if not 0 < self.hop_s <= self.window_s or self._hop(sample_rate_hz) < 1:
            raise ValueError("features: 0 < hop_s <= window_s must hold")
        if self.window_s * self.band_hz()[0] < 2:
            raise ValueError(
                f"features.window_s={self.window_s:g} must hold two periods of the lowest band, "
                f"{self.band_hz()[0]:.1f} Hz"
            )
        if self.top_db < 0:
            raise ValueError(f"features.top_db={self.top_db:g} must be 0 or more")

    def bands(self) -> int:
        """Rows of the result."""
        return 12 * self.octaves * self.bands_per_semitone

    def channels(self, audio_channels: int) -> int:
        """Channels of the result: 1, the mean of the audio's channels."""
        return 1

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return sample_rate_hz / self._hop(sample_rate_hz)

    def band_hz(self) -> np.ndarray:
        """Frequencies of the bands (bands,) in Hz, equal temperament on 440 Hz."""
        pitch = self.lowest_pitch + np.arange(self.bands()) / self.bands_per_semitone
        return A4_HZ * 2 ** ((pitch - A4_PITCH) / 12)

    def _hop(self, sample_rate_hz: int) -> int:
        return round(self.hop_s * sample_rate_hz)

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Pitch spectrogram of a waveform.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Sampling rate, Hz.

        Returns:
            (1, bands, 1 + samples // hop) of float32, dB; 0 dB is a sine of full scale.

        Raises:
            PieceError: Where there are no samples.
        """
        size, groups = _kernels(self, sample_rate_hz)
        blocks = []
        for frames in frame_blocks(mono(waveform), size, self._hop(sample_rate_hz), block=BLOCK):
            frames = frames.astype(np.float64)
            parts = [np.square(frames[:, group.samples] @ group.kernels) for group in groups]
            power = np.hstack([part[:, ::2] + part[:, 1::2] for part in parts])
            level = 10 * np.log10(np.maximum(power, SMALLEST_AMPLITUDE**2))
            blocks.append(level.astype(np.float32))
        decibels = np.concatenate(blocks).T
        if self.top_db:
            decibels = np.maximum(decibels, decibels.max() - np.float32(self.top_db))
        return decibels[None]


@dataclass(frozen=True)
class _Group:
    """The bands of an octave and their kernels.

    Attributes:
        samples: Those of a frame that the longest window of the group spans.
        kernels: (samples, 2 × bands) of float64; windowed cosines and sines alternate.
    """

    samples: slice
    kernels: np.ndarray


@lru_cache(maxsize=4)
def _kernels(front_end: PitchSpectrogram, rate_hz: int) -> tuple[int, tuple[_Group, ...]]:
    """Samples of a frame, and the kernels of all bands, octave by octave."""
    size = 2 * round(front_end.window_s * rate_hz / 2)
    hz = front_end.band_hz()
    # A Hann window of Q periods has its half-power width of 1.44 / Q near the bands' spacing.
    periods = 1 / (2 ** (1 / (12 * front_end.bands_per_semitone)) - 1)
    length = np.clip(periods * rate_hz / hz, SHORTEST, size)
    # A frame is centred on its sample size // 2.
    distance = (np.arange(size) - size // 2)[:, None]
    groups, octave = [], 12 * front_end.bands_per_semitone
    for lowest in range(0, len(hz), octave):
        bands = slice(lowest, lowest + octave)
        half = int(np.ceil(length[bands].max() / 2))
        samples = slice(max(size // 2 - half, 0), min(size // 2 + half, size))
        near, within = distance[samples], length[bands]
        window = np.where(2 * np.abs(near) < within, 0.5 + 0.5 * np.cos(2 * np.pi * near / within), 0)
        window *= 2 / window.sum(axis=0)  # a sine of amplitude 1 gives 1
        angle = 2 * np.pi * near * hz[bands] / rate_hz
        both = np.stack([window * np.cos(angle), window * np.sin(angle)], axis=2)
        groups.append(_Group(samples, both.reshape(len(near), -1)))
    return size, tuple(groups)
