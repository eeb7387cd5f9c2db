"""A small network for dances: it is given onset strength over time, without loudness and pitch."""

from __future__ import annotations

import torch
from torch import nn


class RhythmNet(nn.Module):
    """One-dimensional convolutions over onset strength, mean and maximum over time, a linear head.

    Onset strength is the half-wave rectified rise of each band over two frames (spectral flux), averaged
    within groups of neighbouring bands and standardised over the clip. Loudness and pitch within a group are
    thereby removed: jigs, reels and strathspeys differ in rhythm.

    Args:
        channels: Channels of the input.
        bands: Bands of the input.
        frames: Frames of the input, at 50 a second or more.
        classes: Scores of the output.
        groups: Groups of neighbouring bands.
        width: Channels of the convolutions.
        kernel: Frames of a convolution.
        blocks: Convolution blocks; each halves the frame rate.
        dropout: Share of the pooled features that are dropped in training.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: Where groups do not divide the bands, or blocks leave no frame.

    References:
        S. Dixon, Onset detection revisited, DAFx, 2006.
    """

    gives = "scores"
    clip_by_clip = False

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        classes: int,
        groups: int,
        width: int,
        kernel: int,
        blocks: int,
        dropout: float,
    ) -> None:
        super().__init__()
        if bands % groups:
            raise ValueError(f"model.groups={groups} does not divide the front end's {bands} bands evenly")
        if (frames - 2) >> blocks < 1:
            raise ValueError(
                f"model.blocks={blocks} halve the clip's {frames} frames away: features=mel_fine, longer "
                "dataset.clip_s, or fewer blocks"
            )
        self.groups = groups
        layers: list[nn.Module] = []
        previous = channels * groups
        for _ in range(blocks):
            layers += [
                nn.Conv1d(previous, width, kernel, padding=kernel // 2, bias=False),
                nn.BatchNorm1d(width),
                nn.ReLU(),
                nn.MaxPool1d(2),
            ]
            previous = width
        self.blocks = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * width, classes)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Scores (batch, classes) of clips (batch, channels, bands, frames) in dB."""
        rise = (clips[..., 2:] - clips[..., :-2]).relu()
        strength = rise.unflatten(2, (self.groups, -1)).mean(dim=3).flatten(1, 2)
        deviation, level = torch.std_mean(strength, dim=-1, keepdim=True)
        maps = self.blocks((strength - level) / (deviation + 0.1))  # 0.1 dB: silence is not amplified
        return self.head(self.dropout(torch.cat([maps.mean(dim=-1), maps.amax(dim=-1)], dim=1)))
