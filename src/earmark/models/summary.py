"""A clip as one vector: what each band is like over time, and how much it varies."""

from __future__ import annotations

import torch


def time_summary(clips: torch.Tensor) -> torch.Tensor:
    """(batch, channels, bands, frames) to (batch, 2 · channels · bands): means, then deviations.

    In the unit of the bands; the deviation is the population's, 0 for a single frame.
    """
    mean = clips.mean(dim=-1).flatten(1)
    deviation = clips.std(dim=-1, unbiased=False).flatten(1)
    return torch.cat([mean, deviation], dim=1)
