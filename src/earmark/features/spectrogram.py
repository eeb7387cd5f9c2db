"""Spectrograms as grey pictures: linear frequency, decibels as whole grey values from 0 to 255.

Row 0 is the lowest frequency, as in every front end; white (255) is loud. Channels are mixed to their mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.features.frames import frame_blocks, hann, mono, spectrum

WHITE = 255


def power_spectrogram(samples: np.ndarray, n_fft: int, hop: int, centred: bool = True) -> np.ndarray:
    """Power spectrogram without the bin at half the sampling rate.

    Args:
        samples: (samples,) of float32.
        n_fft: Samples of a transform and of its Hann window.
        hop: Samples from a frame to the next.
        centred: Whether frames are centred on every `hop`-th sample, with zeros beyond the ends.

    Returns:
        (n_fft // 2, frames); the peak of a sine of full scale is 1.
    """
    window = hann(n_fft)
    gain = 2 / window.sum()
    blocks = [
        np.square(np.abs(spectrum(frames, window)[:, :-1]) * gain)
        for frames in frame_blocks(samples, n_fft, hop, centred)
    ]
    return np.concatenate(blocks).T


def _grey(power: np.ndarray, loudest: float, range_db: float) -> np.ndarray:
    """Whole grey values of power: `loudest` is white, `range_db` below it and less is black."""
    if loudest <= 0:
        return np.zeros_like(power)
    decibels = 10 * np.log10(np.maximum(power / loudest, 10 ** (-range_db / 10)))
    return np.clip(np.round(WHITE * (1 + decibels / range_db)), 0, WHITE)


def _check_range(range_db: float) -> None:
    if not range_db > 0:
        raise ValueError(f"features.range_db={range_db:g} must be above 0 dB")


@dataclass(frozen=True)
class GreySpectrogram:
    """A picture of fixed pixels per second, each row the mean power of `n_fft / 2 / rows` bins.

    Attributes:
        uses_torch: Whether the transform runs in torch.
        in_decibels: False: rows are grey values.
        bands_per_semitone: 0: rows are of equal width in Hz.
        rows: Rows of equal width, from 0 Hz to half the sampling rate.
        columns_per_s: Columns per second.
        n_fft: Samples of a transform.
        range_db: Range from black to white, dB; white is a sine of full scale.
        scale: Factor of the grey values 0 to 255: 1, or 1/255 for values up to 1.
    """

    uses_torch = False
    in_decibels = False
    bands_per_semitone = 0

    rows: int = 128
    columns_per_s: int = 50
    n_fft: int = 512
    range_db: float = 120.0
    scale: float = 1 / WHITE

    def check(self, sample_rate_hz: int) -> None:
        """Check that the settings can work.

        Args:
            sample_rate_hz: Sampling rate of the audio, Hz.

        Raises:
            ValueError: Where a setting cannot work at this rate; the message names it.
        """
        if self.rows < 1 or self.n_fft < 2 * self.rows or self.n_fft % (2 * self.rows):
            raise ValueError(
                f"features.n_fft={self.n_fft} must be a multiple of twice features.rows={self.rows}"
            )
        if self.columns_per_s < 1 or sample_rate_hz % self.columns_per_s:
            raise ValueError(
                f"features.columns_per_s={self.columns_per_s} must divide audio.sample_rate={sample_rate_hz}"
            )
        if self.scale <= 0:
            raise ValueError(f"features.scale={self.scale:g} must be above 0")
        _check_range(self.range_db)

    def bands(self) -> int:
        """Rows of the result."""
        return self.rows

    def channels(self, audio_channels: int) -> int:
        """Channels of the result: 1, the mean of the audio's channels."""
        return 1

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return float(self.columns_per_s)

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Picture of a waveform.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Sampling rate, Hz.

        Returns:
            (1, rows, 1 + samples // hop) of float32, grey values times `scale`.

        Raises:
            PieceError: Where there are no samples.
        """
        power = power_spectrogram(mono(waveform), self.n_fft, sample_rate_hz // self.columns_per_s)
        rows = power.reshape(self.rows, -1, power.shape[1]).mean(axis=1)
        return (_grey(rows, 1.0, self.range_db) * self.scale).astype(np.float32)[None]


@dataclass(frozen=True)
class KeyPicture:
    """A square picture of each excerpt, side by side: `size` columns for `excerpt_s` seconds.

    An excerpt's spectrogram is averaged to picture × picture pixels and converted to grey, white being the
    maximum of the excerpt. The picture is resized to size × size by bilinear interpolation, as if read from
    an image file. A remainder shorter than an excerpt is left out; a piece shorter than an excerpt is padded
    with silence.

    Attributes:
        uses_torch: Whether the transform runs in torch.
        in_decibels: False: rows are grey values.
        bands_per_semitone: 0: rows are of equal width in Hz.
        excerpt_s: Seconds of an excerpt.
        picture: Rows and columns of the picture before it is resized.
        size: Rows and columns of the picture that is kept.
        n_fft: Samples of a transform.
        hop_length: Samples from a frame to the next.
        f_max_hz: Upper edge of the highest row, Hz; 0 for half the sampling rate.
        range_db: Range from black to white, dB.
    """

    uses_torch = False
    in_decibels = False
    bands_per_semitone = 0

    excerpt_s: float = 30.0
    picture: int = 87
    size: int = 88
    n_fft: int = 2048
    hop_length: int = 1024
    f_max_hz: float = 0.0
    range_db: float = 100.0

    def check(self, sample_rate_hz: int) -> None:
        """Check that the settings can work.

        Args:
            sample_rate_hz: Sampling rate of the audio, Hz.

        Raises:
            ValueError: Where a setting cannot work at this rate; the message names it.
        """
        if self.picture < 1 or self.size < 1:
            raise ValueError("features: picture and size must be 1 pixel or more")
        if not 0 < self.hop_length <= self.n_fft or self.n_fft % 2:
            raise ValueError("features: 0 < hop_length <= n_fft must hold, and n_fft be even")
        if not 0 <= self.f_max_hz <= sample_rate_hz / 2:
            raise ValueError(
                f"features.f_max_hz={self.f_max_hz:g} must lie within 0 and half of "
                f"audio.sample_rate={sample_rate_hz}"
            )
        if self._bins(sample_rate_hz) < self.picture:
            raise ValueError(
                f"features.n_fft={self.n_fft} has fewer frequencies than the picture's {self.picture} rows"
            )
        if round(self.excerpt_s * sample_rate_hz) < self.n_fft + (self.picture - 1) * self.hop_length:
            raise ValueError(
                f"features.excerpt_s={self.excerpt_s:g} has fewer frames than the picture's "
                f"{self.picture} columns: shorten features.hop_length"
            )
        _check_range(self.range_db)

    def _bins(self, sample_rate_hz: int) -> int:
        return round((self.f_max_hz or sample_rate_hz / 2) * self.n_fft / sample_rate_hz)

    def bands(self) -> int:
        """Rows of the result."""
        return self.size

    def channels(self, audio_channels: int) -> int:
        """Channels of the result: 1, the mean of the audio's channels."""
        return 1

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return self.size / self.excerpt_s

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Pictures of a waveform's excerpts, side by side.

        Args:
            waveform: (channels, samples) of float32.
            sample_rate_hz: Sampling rate, Hz.

        Returns:
            (1, size, size × excerpts) of float32, whole grey values from 0 to 255.

        Raises:
            PieceError: Where there are no samples.
        """
        samples = mono(waveform)
        length = round(self.excerpt_s * sample_rate_hz)
        samples = np.pad(samples, (0, max(length - len(samples), 0)))
        excerpts = samples[: len(samples) // length * length].reshape(-1, length)
        drawn = [self._drawn(excerpt, sample_rate_hz) for excerpt in excerpts]
        return np.concatenate(drawn, axis=1).astype(np.float32)[None]

    def _drawn(self, excerpt: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        power = power_spectrogram(excerpt, self.n_fft, self.hop_length)[: self._bins(sample_rate_hz)]
        rows, columns = (_means(count, self.picture) for count in power.shape)
        pixels = rows @ power @ columns.T
        grey = _grey(pixels, float(pixels.max()), self.range_db)
        return np.round(_resized(_resized(grey, self.size).T, self.size).T)


def _means(count: int, parts: int) -> np.ndarray:
    """Weights (parts, count) of the means of `parts` runs of `count` values.

    Run i begins at floor(i * count / parts) and ends before ceil((i + 1) * count / parts): neighbours may
    share a value.
    """
    begin = np.arange(parts) * count // parts
    end = -(-np.arange(1, parts + 1) * count // parts)
    at = np.arange(count)
    inside = (at >= begin[:, None]) & (at < end[:, None])
    return inside / inside.sum(axis=1, keepdims=True)


def _resized(values: np.ndarray, size: int) -> np.ndarray:
    """Interpolate the rows of `values` linearly to `size` of them.

    Pixels are areas, as image editors have it. No matrix product: its sums end in digits that depend on the
    processor, and these values often lie halfway between whole ones.
    """
    place = np.clip((np.arange(size) + 0.5) * len(values) / size - 0.5, 0, len(values) - 1)
    below = np.minimum(place.astype(np.int64), max(len(values) - 2, 0))
    share = (place - below)[:, None]
    above = np.minimum(below + 1, len(values) - 1)
    return values[below] + share * (values[above] - values[below])
