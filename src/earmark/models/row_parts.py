"""The rows of `features.beside.Beside`, given back to the models that each part is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PART_SETTINGS = {"channels", "bands", "model"}


class RowParts:
    """Which rows are whose.

    Args:
        channels: Channels of the input: 1.
        bands: Rows of the input.
        frames: Frames of the input.
        parts: Of each model `channels` and `bands` of its rows, and `model`: `_target_` and settings.

    Attributes:
        nodes: `_target_` and settings of each model, the shape of its input among them.

    Raises:
        ValueError: Parts lack something, or have other rows than the input.
    """

    def __init__(self, channels: int, bands: int, frames: int, parts: Sequence[Mapping[str, Any]]) -> None:
        if not parts or any(set(part) != PART_SETTINGS for part in parts):
            raise ValueError(f"model.parts: each needs {', '.join(sorted(PART_SETTINGS))}")
        self.shapes = [(int(part["channels"]), int(part["bands"])) for part in parts]
        rows = sum(height * width for height, width in self.shapes)
        if channels != 1 or rows != bands:
            raise ValueError(
                f"model.parts have {rows} rows, and the features {channels} x {bands}: both name the same "
                "parts, as features=notes_and_mel and model=notes_and_timbre do"
            )
        self.nodes = [
            {**part["model"], "channels": shape[0], "bands": shape[1], "frames": frames}
            for part, shape in zip(parts, self.shapes, strict=True)
        ]

    def of(self, clips: Any) -> list[Any]:
        """Each part's clips (n, its channels, its bands, frames) of clips (n, 1, bands, frames)."""
        begin, found = 0, []
        for channels, bands in self.shapes:
            rows = clips[:, 0, begin : begin + channels * bands]
            found.append(rows.reshape(len(clips), channels, bands, clips.shape[-1]))
            begin += channels * bands
        return found
