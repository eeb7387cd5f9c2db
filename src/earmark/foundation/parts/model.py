"""What a model must have, and what one without gradients has beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import torch


class Model(Protocol):
    """A `torch.nn.Module` from clips to embeddings or to class scores.

    It is built as `Model(channels=, bands=, frames=, **settings)`, and with `classes=` as well where it gives
    scores. Embeddings serve an objective that needs them as they are; under one that needs scores the model
    gets a linear head (`earmark.models.classifier.Classifier`).

    Attributes:
        gives: `embeddings` (batch, dimensions), or `scores` (batch, classes) before the softmax.
        clip_by_clip: Whether equal clips come out equal in training too, without batch normalisation and
            dropout: a clip that occurs twice in a batch is then encoded once.
    """

    gives: Literal["embeddings", "scores"]
    clip_by_clip: bool

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Encode clips.

        Args:
            clips: (batch, channels, bands, frames) of float32.

        Returns:
            (batch, dimensions) or (batch, classes), see `gives`.
        """
        ...


@runtime_checkable
class ClassicalModel(Protocol):
    """A model of class scores that is fitted at once, without gradients.

    Its state_dict holds what it learned.
    """

    def summarise(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (batch, channels, bands, frames) to what `fit` takes: (batch, dimensions)."""
        ...

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Learn from clips. Equal arguments give equal results.

        Args:
            summaries: (clips, dimensions).
            classes: Class numbers (clips,).
            weights: How much each clip counts (clips,).
            seed: Of every random choice.
        """
        ...

    def scores(self, summaries: torch.Tensor) -> torch.Tensor:
        """Summaries (clips, dimensions) to scores (clips, classes)."""
        ...
