"""A small convolutional encoder for log spectrograms, trained from few pieces on a CPU."""

from __future__ import annotations

import torch
from torch import nn


class ConvNet(nn.Module):
    """Convolution blocks over (bands, frames), mean and deviation over time, and a projection.

    Input (batch, channels, bands, frames) in dB, any number of frames; output (batch, embedding).
    The blocks see each clip standardised per band over time and channels, which takes away loudness
    and the colour of an instrument or a room: what remains is what changes, the music. Pooling of
    mean and deviation after Snyder et al. (x-vectors, 2018).

    statistics: lets each band's level, deviation and mean change a frame pass by the blocks, so that
    the encoder is never blinder than a linear model of them. unit: scales embeddings to length 1;
    without it, what is unlike anything heard in training comes to lie far out, and strangers are
    told from known labels (docs/architecture.md has the measurement).
    """

    gives = "embeddings"
    clip_by_clip = False

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        widths: list[int],
        embedding: int,
        dropout: float,
        statistics: bool,
        unit: bool,
    ) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        previous, rows = channels, bands
        for index, width in enumerate(widths):
            # The first block halves its input twice: full resolution is where the time would go.
            stem = index == 0
            size, stride = (5, 2) if stem else (3, 1)
            blocks += [
                nn.Conv2d(previous, width, size, stride, padding=size // 2, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(2, ceil_mode=True),
            ]
            previous, rows = width, -(-(-(-rows // 2) if stem else rows) // 2)
        # Channels last is how CPUs convolve fastest: 1.5 times here.
        self.blocks = nn.Sequential(*blocks).to(memory_format=torch.channels_last)
        self.pooled_norm = nn.BatchNorm1d(2 * previous * rows)
        self.statistics_norm = nn.BatchNorm1d(3 * bands) if statistics else None
        self.dropout = nn.Dropout(dropout)
        self.projection = nn.Linear(2 * previous * rows + 3 * bands * statistics, embedding)
        self.unit = unit

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        level = clips.mean(dim=(1, 3), keepdim=True)
        deviation = clips.std(dim=(1, 3), keepdim=True)
        standard = (clips - level) / (deviation + 5.0)  # 5 dB: silence stays quiet
        maps = self.blocks(standard.contiguous(memory_format=torch.channels_last)).flatten(1, 2)
        pooled = torch.cat([maps.mean(dim=-1), maps.std(dim=-1, unbiased=False)], dim=1)
        features = self.pooled_norm(pooled)
        if self.statistics_norm is not None:
            change = (clips[..., 2:] - clips[..., :-2]).abs().mean(dim=(1, 3))
            relative = (level - level.mean(dim=2, keepdim=True)).flatten(1)
            seen = torch.cat([relative, deviation.flatten(1), change], dim=1)
            features = torch.cat([features, self.statistics_norm(seen)], dim=1)
        embeddings = self.projection(self.dropout(features))
        return nn.functional.normalize(embeddings, dim=1) if self.unit else embeddings
