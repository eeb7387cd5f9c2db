"""Statistics of several kinds of features as one embedding: of the notes and of the timbre, say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earmark.foundation.contracts import ArrayModel
from earmark.foundation.targets import build
from earmark.models.row_parts import RowParts


class JointStatistics:
    """Models of arrays, one for each part of `features.beside.Beside`, whose embeddings are one.

    A decision that weighs dimensions has to follow: `decision=discriminant`.

    Args:
        channels: Channels of the input: 1.
        bands: Rows of the input, those of all parts.
        frames: Frames of the input.
        parts: See `RowParts`.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: Parts do not fit the input, or one is no model of arrays that gives embeddings.
        EarmarkError: A part has settings that its model does not know, or refuses.
    """

    gives = "embeddings"
    clip_by_clip = True

    def __init__(self, channels: int, bands: int, frames: int, parts: Sequence[Mapping[str, Any]]) -> None:
        self._rows = RowParts(channels, bands, frames, parts)
        self._models = [build(node, f"model.parts.{place}") for place, node in enumerate(self._rows.nodes)]
        for model in self._models:
            if not isinstance(model, ArrayModel) or model.gives != "embeddings":
                raise ValueError(f"model.parts: {type(model).__name__} is no statistics of clips")
        self._widths = [
            model.summarise(np.zeros((1, *shape, frames), np.float32)).shape[1]
            for model, shape in zip(self._models, self._rows.shapes, strict=True)
        ]

    def summarise(self, clips: np.ndarray) -> np.ndarray:
        """Summaries of all parts (n, dimensions) of clips (n, 1, bands, frames)."""
        parts = zip(self._models, self._rows.of(clips), strict=True)
        return np.concatenate([model.summarise(rows) for model, rows in parts], axis=1)

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Let every part learn from its columns; see `ClassicalModel.fit`."""
        for model, columns in zip(self._models, self._columns(summaries), strict=True):
            model.fit(columns, classes, weights, seed)

    def scores(self, summaries: np.ndarray) -> np.ndarray:
        """Embeddings (n, dimensions) of summaries."""
        parts = zip(self._models, self._columns(summaries), strict=True)
        return np.concatenate([model.scores(columns) for model, columns in parts], axis=1)

    def forward(self, clips: np.ndarray) -> np.ndarray:
        """Embeddings (batch, dimensions) of clips (batch, 1, bands, frames)."""
        return self.scores(self.summarise(clips))

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of all parts, their places before the names."""
        return {
            f"part{place}_{name}": array
            for place, model in enumerate(self._models)
            for name, array in model.arrays().items()
        }

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take them from `arrays`."""
        for place, model in enumerate(self._models):
            mark = f"part{place}_"
            model.load({name.removeprefix(mark): arrays[name] for name in arrays if name.startswith(mark)})

    def _columns(self, summaries: np.ndarray) -> list[np.ndarray]:
        return np.split(summaries, np.cumsum(self._widths)[:-1], axis=1)
