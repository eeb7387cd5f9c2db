"""A small dense network on what a clip's descriptors are like over time."""

from __future__ import annotations

import torch
from torch import nn

from earmark.models.summary import time_summary


class Dense(nn.Module):
    """Mean and deviation over time of every band, batch norm, hidden layers, embedding.

    Input (batch, channels, bands, frames) in any unit, any number of frames; output (batch,
    embedding). The norm brings descriptors of different units (Hz, dB, counts) to one scale.
    Raises ValueError for settings below 1.
    """

    gives = "embeddings"
    clip_by_clip = False

    def __init__(
        self, channels: int, bands: int, frames: int, hidden: list[int], embedding: int, dropout: float
    ) -> None:
        super().__init__()
        if min([*hidden, embedding]) < 1:
            raise ValueError(f"hidden={list(hidden)} and embedding={embedding} must be 1 or more")
        previous = 2 * channels * bands
        layers: list[nn.Module] = [nn.BatchNorm1d(previous)]
        for width in hidden:
            layers += [nn.Linear(previous, width), nn.ReLU(), nn.Dropout(dropout)]
            previous = width
        self.layers = nn.Sequential(*layers, nn.Linear(previous, embedding))

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.layers(time_summary(clips))
