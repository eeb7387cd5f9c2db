"""Changes of a training clip that leave its composer who he was: loudness, transposition, gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """Random changes of a log spectrogram clip (channels, bands, frames) in decibels.

    max_gain_db: louder or softer by up to this. max_band_shift: bands moved up or down, a small
    transposition. max_masked_bands: width of one band of silence (SpecAugment, Park et al. 2019).
    """

    max_gain_db: float = 0.0
    max_band_shift: int = 0
    max_masked_bands: int = 0

    def __call__(self, clip: np.ndarray, random: np.random.Generator) -> np.ndarray:
        floor = clip.min()
        if self.max_gain_db:
            clip = clip + np.float32(random.uniform(-self.max_gain_db, self.max_gain_db))
        if self.max_band_shift:
            shift = int(random.integers(-self.max_band_shift, self.max_band_shift + 1))
            clip = np.roll(clip, shift, axis=1)
            if shift > 0:
                clip[:, :shift] = floor
            elif shift < 0:
                clip[:, shift:] = floor
        if self.max_masked_bands:
            width = int(random.integers(0, min(self.max_masked_bands, clip.shape[1]) + 1))
            start = int(random.integers(0, clip.shape[1] - width + 1))
            clip = clip.copy()
            clip[:, start : start + width] = floor
        return clip
