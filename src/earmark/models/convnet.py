"""A small convolutional encoder for log spectrograms, trained from few pieces on a CPU."""

from __future__ import annotations

import torch
from torch import nn


class ConvNet(nn.Module):
    """Convolution blocks over (bands, frames), mean and deviation over time, and a projection.

    The blocks are given each clip standardised per band over time and channels, which removes loudness and
    the spectral colour of an instrument or a room. Clips may have any number of frames.

    Args:
        channels: Channels of the input.
        bands: Bands of the input.
        frames: Frames of the input; layers do not depend on it.
        widths: Channels of each convolution block.
        embedding: Dimensions of the embedding.
        dropout: Share of the pooled features that are dropped in training.
        statistics: Whether level, deviation and mean change per frame of each band are also given to the
            projection, so that the encoder can represent any linear model of them.
        unit: Whether embeddings are scaled to length 1. Without it, clips unlike those of the training lie
            far from the prototypes, which tells strangers from known labels (docs/architecture.md has the
            measurement).

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    References:
        D. Snyder et al., X-vectors: robust DNN embeddings for speaker recognition, ICASSP, 2018: the pooling
            of mean and deviation.
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
            # The first block halves its input twice: layers at full resolution would take most of the time.
            stem = index == 0
            size, stride = (5, 2) if stem else (3, 1)
            blocks += [
                nn.Conv2d(previous, width, size, stride, padding=size // 2, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(2, ceil_mode=True),
            ]
            previous, rows = width, -(-(-(-rows // 2) if stem else rows) // 2)
        self.blocks = nn.Sequential(*blocks)
        # CPUs convolve 1.5 times as fast in this layout.
        self.blocks.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (not annotated)
        self.pooled_norm = nn.BatchNorm1d(2 * previous * rows)
        self.statistics_norm = nn.BatchNorm1d(3 * bands) if statistics else None
        self.dropout = nn.Dropout(dropout)
        self.projection = nn.Linear(2 * previous * rows + 3 * bands * statistics, embedding)
        self.unit = unit

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Embeddings (batch, embedding) of clips (batch, channels, bands, frames) in dB."""
        level = clips.mean(dim=(1, 3), keepdim=True)
        deviation = clips.std(dim=(1, 3), keepdim=True)
        standard = (clips - level) / (deviation + 5.0)  # 5 dB: silence is not amplified
        maps = self.blocks(standard.contiguous(memory_format=torch.channels_last)).flatten(1, 2)
        pooled = torch.cat([maps.mean(dim=-1), maps.std(dim=-1, unbiased=False)], dim=1)
        features = self.pooled_norm(pooled)
        if self.statistics_norm is not None:
            change = (clips[..., 2:] - clips[..., :-2]).abs().mean(dim=(1, 3))
            relative = (level - level.mean(dim=2, keepdim=True)).flatten(1)
            statistics = torch.cat([relative, deviation.flatten(1), change], dim=1)
            features = torch.cat([features, self.statistics_norm(statistics)], dim=1)
        embeddings = self.projection(self.dropout(features))
        return nn.functional.normalize(embeddings, dim=1) if self.unit else embeddings
