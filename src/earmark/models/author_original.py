"""The authorship networks of EpyNN's author_music: samples of 4 bits, one-hot, dense or recurrent."""

from __future__ import annotations

import torch
from torch import nn


def _needs_levels(channels: int, bands: int, frames: int, levels: int, temperature: float) -> None:
    if (channels, bands) != (1, 1):
        raise ValueError(
            f"the original author networks need 1 channel of 1 row of sample levels, not {channels} x "
            f"{bands}: features=levels audio=mono44k dataset.clip_s=0.90703"
        )
    if frames < 1 or levels < 2:
        raise ValueError(f"frames={frames} must be 1 or more and levels={levels} 2 or more")
    if temperature <= 0:
        raise ValueError(f"temperature={temperature:g} must be above 0")


def _one_hot(clips: torch.Tensor, levels: int) -> torch.Tensor:
    """(batch, 1, 1, samples) of level numbers to (batch, samples, levels) of 0 and 1.

    Numbers beyond the levels count as the lowest or the highest.
    """
    numbers = clips.flatten(1).round().clamp(0, levels - 1)
    return (numbers[..., None] == torch.arange(levels, device=clips.device)).to(clips.dtype)


def _head(inputs: int, hidden: int, dropout: float, classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, classes)
    )


class DenseClips(nn.Module):
    """Flatten, dense, dropout, dense. Each sample has weights of its own for each of its levels.

    Input (batch, 1, 1, samples) of level numbers 0 to levels - 1; output (batch, classes), divided by
    `temperature`, which makes the softmax over them softer. Raises ValueError for other shapes.
    """

    gives = "scores"
    clip_by_clip = False

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        classes: int,
        levels: int,
        hidden: int,
        dropout: float,
        temperature: float,
    ) -> None:
        super().__init__()
        _needs_levels(channels, bands, frames, levels, temperature)
        self.levels, self.temperature = levels, temperature
        self.head = _head(frames * levels, hidden, dropout, classes)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.head(_one_hot(clips, self.levels)) / self.temperature


class RecurrentClips(nn.Module):
    """One recurrent unit that returns its whole sequence, then the dense layers of DenseClips.

    cell: rnn (Elman, tanh) or gru. Input and output as in DenseClips.
    """

    gives = "scores"
    clip_by_clip = False

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        classes: int,
        cell: str,
        units: int,
        levels: int,
        hidden: int,
        dropout: float,
        temperature: float,
    ) -> None:
        super().__init__()
        _needs_levels(channels, bands, frames, levels, temperature)
        if cell not in ("rnn", "gru"):
            raise ValueError(f"cell={cell} must be rnn or gru")
        if units < 1:
            raise ValueError(f"units={units} must be 1 or more")
        self.levels, self.temperature = levels, temperature
        self.recurrent = {"rnn": nn.RNN, "gru": nn.GRU}[cell](levels, units, batch_first=True)
        self.head = _head(frames * units, hidden, dropout, classes)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        sequence, _ = self.recurrent(_one_hot(clips, self.levels))
        return self.head(sequence) / self.temperature
