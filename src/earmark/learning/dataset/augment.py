"""Changes of training clips that leave their label true: loudness, small shifts, gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from earmark.learning.dataset.draws import Draws


@dataclass(frozen=True)
class Augmentation:
    """Random changes of log spectrogram clips in decibels.

    Silence is the quietest value of a clip before it is changed.

    Attributes:
        max_gain_db: A clip is made louder or softer by up to this.
        max_band_shift: Bands are moved up or down by up to this many, a small transposition.
        max_masked_bands: The most bands, next to each other, that are silenced for the whole clip.

    References:
        Masks: Park et al., SpecAugment, Interspeech 2019.
    """

    max_gain_db: float = 0.0
    max_band_shift: int = 0
    max_masked_bands: int = 0

    def __call__(self, clips: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Change a batch, on the device where it lies.

        Args:
            clips: (n, channels, bands, frames) in dB; they stay as they are.
            draws: Random numbers of each clip.

        Returns:
            The changed clips, of the same shape.
        """
        bands, original = clips.shape[2], clips
        if self.max_gain_db:
            gain = draws.uniform("gain", -self.max_gain_db, self.max_gain_db)
            clips = clips + per_clip(gain, clips)
        if not self.max_band_shift and not self.max_masked_bands:
            return clips
        floor = quietest(original)
        if self.max_band_shift:
            shift = draws.integers("band_shift", -self.max_band_shift, self.max_band_shift + 1)
            clips = shifted(clips, per_clip(shift, clips).flatten(), floor)
        if self.max_masked_bands:
            width = draws.integers("mask_width", 0, min(self.max_masked_bands, bands) + 1)
            start = draws.integers("mask_start", 0, bands - width + 1)
            band = torch.arange(bands, device=clips.device)[:, None]
            masked = (band >= per_clip(start, clips)) & (band < per_clip(start + width, clips))
            clips = torch.where(masked, floor, clips)
        return clips


def quietest(clips: torch.Tensor) -> torch.Tensor:
    """The lowest value of each clip (n, channels, bands, frames): (n, 1, 1, 1)."""
    return clips.amin(dim=(1, 2, 3), keepdim=True)


def shifted(clips: torch.Tensor, shift: torch.Tensor, floor: torch.Tensor) -> torch.Tensor:
    """Move the bands of each clip.

    Args:
        clips: (n, channels, bands, frames).
        shift: By how many bands each is moved up (n,).
        floor: What comes in at the edge of each (n, 1, 1, 1).

    Returns:
        The moved clips, of the same shape.
    """
    count, channels, bands, frames = clips.shape
    source = torch.arange(bands, device=clips.device) - shift[:, None]
    rows = torch.arange(count * channels, device=clips.device).view(count, channels, 1) * bands
    rows = (rows + source.clamp(0, bands - 1)[:, None]).flatten()
    moved = clips.reshape(-1, frames).index_select(0, rows).view(clips.shape)
    outside = ((source < 0) | (source >= bands))[:, None, :, None]
    return torch.where(outside, floor, moved)


def per_clip(values: np.ndarray, clips: torch.Tensor) -> torch.Tensor:
    """A number for each clip, as a tensor that is broadcast over it.

    Args:
        values: (n,).
        clips: (n, channels, bands, frames); their device is that of the result.

    Returns:
        (n, 1, 1, 1), in the type of `clips` where `values` are fractions.
    """
    numbers = torch.as_tensor(values)
    numbers = numbers.to(clips.dtype) if numbers.is_floating_point() else numbers
    return numbers.to(clips.device, non_blocking=True).view(-1, 1, 1, 1)
