"""The authorship networks of EpyNN's author_music: one-hot samples of 4 bits, dense or recurrent layers."""

from __future__ import annotations

import torch
from torch import nn


def _check_input(channels: int, bands: int, frames: int, levels: int, temperature: float) -> None:
    """Raise ValueError where the input is not one row of levels, or a setting cannot work."""
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
    """Level numbers (batch, 1, 1, samples) as (batch, samples, levels) of 0 and 1.

    Numbers below the levels count as the lowest, numbers above as the highest.
    """
    numbers = clips.flatten(1).round().clamp(0, levels - 1)
    return (numbers[..., None] == torch.arange(levels, device=clips.device)).to(clips.dtype)


def _head(inputs: int, hidden: int, dropout: float, classes: int) -> nn.Sequential:
    """Flatten, dense, dropout, dense."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, classes)
    )


class DenseClips(nn.Module):
    """Flatten, dense, dropout, dense: each sample has a weight for each of its levels.

    Args:
        channels: Channels of the input: 1.
        bands: Bands of the input: 1, of level numbers.
        frames: Samples of the input.
        classes: Scores of the output.
        levels: Levels of a sample.
        hidden: Units of the hidden layer.
        dropout: Share of the hidden units that are dropped in training.
        temperature: Divides the scores, so that the softmax is less extreme.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: For other shapes, and for settings that cannot work.
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
        _check_input(channels, bands, frames, levels, temperature)
        self.levels, self.temperature = levels, temperature
        self.head = _head(frames * levels, hidden, dropout, classes)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Scores (batch, classes) of level numbers (batch, 1, 1, samples), from 0 to levels - 1."""
        return self.head(_one_hot(clips, self.levels)) / self.temperature


class RecurrentClips(nn.Module):
    """A recurrent layer whose whole sequence goes to the dense layers of DenseClips.

    Args:
        channels: Channels of the input: 1.
        bands: Bands of the input: 1, of level numbers.
        frames: Samples of the input.
        classes: Scores of the output.
        cell: `rnn` (Elman, tanh) or `gru`.
        units: Recurrent units.
        levels: Levels of a sample.
        hidden: Units of the hidden layer.
        dropout: Share of the hidden units that are dropped in training.
        temperature: Divides the scores, so that the softmax is less extreme.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: For other shapes, and for settings that cannot work.
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
        _check_input(channels, bands, frames, levels, temperature)
        if cell not in ("rnn", "gru"):
            raise ValueError(f"cell={cell} must be rnn or gru")
        if units < 1:
            raise ValueError(f"units={units} must be 1 or more")
        self.levels, self.temperature = levels, temperature
        self.recurrent = {"rnn": nn.RNN, "gru": nn.GRU}[cell](levels, units, batch_first=True)
        self.head = _head(frames * units, hidden, dropout, classes)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Scores (batch, classes) of level numbers (batch, 1, 1, samples), from 0 to levels - 1."""
        sequence, _ = self.recurrent(_one_hot(clips, self.levels))
        return self.head(sequence) / self.temperature
