"""Changes of training clips that leave their composer who he was: loudness, transposition, gaps."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from earmark.learning.dataset.draws import Draws


@dataclass(frozen=True)
class Augmentation:
    """Random changes of log spectrogram clips (clips, channels, bands, frames) in decibels.

    max_gain_db: louder or softer by up to this. max_band_shift: bands moved up or down, a small
    transposition. max_masked_bands: width of one band of silence (SpecAugment, Park et al. 2019).
    Silence is the quietest value of a clip as it came.
    """

    max_gain_db: float = 0.0
    max_band_shift: int = 0
    max_masked_bands: int = 0

    def __call__(self, clips: torch.Tensor, draws: Draws) -> torch.Tensor:
        """The whole batch, wherever it lies; `clips` stay as they are."""
        bands = clips.shape[2]
        floor = quietest(clips)
        if self.max_gain_db:
            gain = draws.uniform("gain", -self.max_gain_db, self.max_gain_db)
            clips = clips + per_clip(gain, clips)
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
    """The lowest value of each clip: (clips, 1, 1, 1)."""
    return clips.amin(dim=(1, 2, 3), keepdim=True)


def shifted(clips: torch.Tensor, shift: torch.Tensor, floor: torch.Tensor) -> torch.Tensor:
    """Each clip moved up by its `shift` (clips,) of bands; what comes in at the edge is its `floor`."""
    count, channels, bands, frames = clips.shape
    source = torch.arange(bands, device=clips.device) - shift[:, None]
    rows = torch.arange(count * channels, device=clips.device).view(count, channels, 1) * bands
    rows = (rows + source.clamp(0, bands - 1)[:, None]).flatten()
    moved = clips.reshape(-1, frames).index_select(0, rows).view(clips.shape)
    outside = ((source < 0) | (source >= bands))[:, None, :, None]
    return torch.where(outside, floor, moved)


def per_clip(values: object, clips: torch.Tensor) -> torch.Tensor:
    """Numbers (clips,) as a tensor (clips, 1, 1, 1) beside `clips`; fractions as float32."""
    found = torch.as_tensor(values)
    found = found.to(clips.dtype) if found.is_floating_point() else found
    return found.to(clips.device, non_blocking=True).view(-1, 1, 1, 1)
