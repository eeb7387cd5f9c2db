"""A small convolutional encoder for log spectrograms, trained from few pieces on a CPU."""

from __future__ import annotations

import torch
from torch import nn


class ConvNet(nn.Module):
    """Convolution blocks over (bands, frames), then mean and deviation over time, then a projection.

    Input (batch, channels, bands, frames) in dB, any number of frames; output (batch, embedding).
    Each clip is standardised per band over time and channels, which takes away loudness and the
    colour of an instrument or a room: what remains is what changes, the music. Statistics pooling
    after Snyder et al. (x-vectors, 2018).
    """

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        widths: list[int],
        embedding: int,
        dropout: float,
    ) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        previous, rows = channels, bands
        for width in widths:
            blocks += [
                nn.Conv2d(previous, width, kernel_size=3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(2, ceil_mode=True),
            ]
            previous, rows = width, -(-rows // 2)
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(dropout)
        self.projection = nn.Linear(2 * previous * rows, embedding)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        mean = clips.mean(dim=(1, 3), keepdim=True)
        deviation = clips.std(dim=(1, 3), keepdim=True)
        maps = self.blocks((clips - mean) / (deviation + 5.0))  # 5 dB: silence stays quiet
        maps = maps.flatten(1, 2)
        pooled = torch.cat([maps.mean(dim=-1), maps.std(dim=-1, unbiased=False)], dim=1)
        return nn.functional.normalize(self.projection(self.dropout(pooled)), dim=1)
