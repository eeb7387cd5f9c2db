"""A clip as one vector: mean and deviation over time of each band."""

from __future__ import annotations

import torch


def time_summary(clips: torch.Tensor) -> torch.Tensor:
    """Mean and population deviation over time of each band.

    Args:
        clips: (batch, channels, bands, frames).

    Returns:
        (batch, 2 · channels · bands), means and then deviations, in the unit of the bands; deviations are 0
        for a single frame.
    """
    mean = clips.mean(dim=-1).flatten(1)
    deviation = clips.std(dim=-1, unbiased=False).flatten(1)
    return torch.cat([mean, deviation], dim=1)
