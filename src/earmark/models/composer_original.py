"""The composer network of music_identifier (2024), layer by layer."""

from __future__ import annotations

import torch
from torch import nn

CPU_CLIPS = 8  # convolved at a time on a CPU: values between the layers take 15 MB a clip
CONVOLVED = 7  # layers up to the flattening
SHAPE = (2, 64, 2584)  # channels, mel bands, frames: 30 s of stereo at 44,100 Hz, a frame each 512 samples


class ComposerOriginal(nn.Module):
    """Two convolutions and two dense layers to 25 dimensions, each at least 0: 13,389,373 parameters.

    As published, clips are not standardised and the last layer is rectified.

    Args:
        channels: Channels of the input: 2.
        bands: Bands of the input: 64.
        frames: Frames of the input: 2584.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: For any other shape.
    """

    gives = "embeddings"
    clip_by_clip = True

    def __init__(self, channels: int, bands: int, frames: int) -> None:
        super().__init__()
        if (channels, bands, frames) != SHAPE:
            raise ValueError(
                f"the original composer network needs clips of 2 x 64 x 2584, not {channels} x {bands} x "
                f"{frames}: features=mel_original audio=stereo44k dataset.clip_s=30 (30 s)"
            )
        self.layers = nn.Sequential(
            *(nn.Conv2d(2, 16, 5), nn.MaxPool2d(2), nn.ReLU()),
            *(nn.Conv2d(16, 32, 5), nn.MaxPool2d(2), nn.ReLU()),
            nn.Flatten(),
            nn.Linear(32 * 13 * 643, 50),
            nn.ReLU(),
            nn.Linear(50, 25),
            nn.ReLU(),
        )
        # CPUs convolve 1.5 times as fast in this layout.
        self.layers.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (not annotated)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Embeddings (batch, 25), each value at least 0, of clips (batch, 2, 64, 2584) in dB."""
        clips = clips.contiguous(memory_format=torch.channels_last)
        convolved, dense = self.layers[:CONVOLVED], self.layers[CONVOLVED:]
        blocks = clips.split(CPU_CLIPS) if clips.device.type == "cpu" else [clips]
        return dense(torch.cat([convolved(block) for block in blocks]))
