"""The genre network of DeepAudioClassification (2016), after its code: stride 1 and pooling."""

from __future__ import annotations

import torch
from torch import nn

SHAPE = (1, 128, 128)  # mono, rows, frames of 20 ms: 2.56 s
WIDTHS = (64, 128, 256, 512)


class GenreOriginal(nn.Module):
    """Four convolutions 2 × 2, dense 1024, dropout, dense: 34.3 million parameters for 6 classes.

    All activations are ELU; initial weights are uniform after Glorot and Bengio ("Xavier").

    Args:
        channels: Channels of the input: 1.
        bands: Bands of the input: 128.
        frames: Frames of the input: 128.
        classes: Scores of the output.
        dropout: Share of the hidden units that are dropped in training.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: For any other shape.

    References:
        X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks,
            AISTATS, 2010.
    """

    gives = "scores"
    clip_by_clip = False

    def __init__(self, channels: int, bands: int, frames: int, classes: int, dropout: float) -> None:
        super().__init__()
        if (channels, bands, frames) != SHAPE:
            raise ValueError(
                f"the original genre network needs clips of 1 x 128 x 128, not {channels} x {bands} x "
                f"{frames}: features=grey audio=mono22k dataset.clip_s=2.56"
            )
        layers: list[nn.Module] = []
        previous = channels
        for width in WIDTHS:
            layers += [
                nn.ZeroPad2d((0, 1, 0, 1)),  # "same" for an even kernel: the additional row is at the end
                nn.Conv2d(previous, width, 2),
                nn.ELU(),
                nn.MaxPool2d(2),
            ]
            previous = width
        layers += [nn.Flatten(), nn.Linear(previous * 8 * 8, 1024), nn.ELU()]
        layers += [nn.Dropout(dropout), nn.Linear(1024, classes)]
        self.layers = nn.Sequential(*layers)
        # CPUs convolve 1.3 times as fast in this layout.
        self.layers.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (not annotated)
        for layer in self.layers:
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                assert layer.bias is not None
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Scores (batch, classes) of grey pictures (batch, 1, 128, 128)."""
        return self.layers(clips.contiguous(memory_format=torch.channels_last))
