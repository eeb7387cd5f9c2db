"""The published key network on 88 × 88 pictures of spectrograms, layer by layer."""

from __future__ import annotations

import torch
from torch import nn

SHAPE = (1, 88, 88)  # grey, rows, columns


class KeyOriginal(nn.Module):
    """Four convolutions 2 × 2, global average pooling, dense: 19,432 parameters for 24 classes.

    The average over all rows discards positions on the pitch axis: of the tonic only effects of the zero
    padding at the edges are left.

    Args:
        channels: Channels of the input: 1.
        bands: Rows of the input: 88.
        frames: Columns of the input: 88.
        classes: Scores of the output.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: For any other shape.
    """

    gives = "scores"
    clip_by_clip = False

    def __init__(self, channels: int, bands: int, frames: int, classes: int) -> None:
        super().__init__()
        if (channels, bands, frames) != SHAPE:
            raise ValueError(
                f"the original key network needs clips of 1 x 88 x 88, not {channels} x {bands} x {frames}: "
                "features=key_picture dataset.clip_s=30"
            )

        def same(inputs: int, outputs: int) -> list[nn.Module]:
            """A convolution with "same" padding: for an even kernel the additional row is at the end."""
            return [nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(inputs, outputs, 2), nn.ReLU()]

        self.layers = nn.Sequential(
            *same(1, 16),
            *same(16, 32),
            nn.MaxPool2d(2),
            *same(32, 64),
            *same(64, 32),
            nn.MaxPool2d(2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(32, classes),
        )

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Scores (batch, classes) of grey pictures (batch, 1, 88, 88)."""
        return self.layers(clips)
