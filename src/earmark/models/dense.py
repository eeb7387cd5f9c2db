"""A small dense network on mean and deviation over time of a clip's bands."""

from __future__ import annotations

import torch
from torch import nn

from earmark.models.summary import time_summary


class Dense(nn.Module):
    """Mean and deviation over time of every band, batch normalisation, hidden layers, embedding.

    The normalisation brings descriptors of different units (Hz, dB, counts) to one scale. Clips may have any
    number of frames.

    Args:
        channels: Channels of the input.
        bands: Bands of the input.
        frames: Frames of the input; layers do not depend on it.
        hidden: Units of each hidden layer.
        embedding: Dimensions of the embedding.
        dropout: Share of the hidden units that are dropped in training.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: For layers without units.
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
        """Embeddings (batch, embedding) of clips (batch, channels, bands, frames) in any unit."""
        return self.layers(time_summary(clips))
