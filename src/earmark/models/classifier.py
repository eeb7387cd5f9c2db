"""An encoder with a linear head: from embeddings to a score for each label."""

from __future__ import annotations

import importlib
import re
from contextlib import suppress
from typing import Any

import torch
from torch import nn

from earmark.models.array_module import build_model

PACKAGE = "earmark.models"


class Classifier(nn.Module):
    """An encoder of this package, and a linear layer on its embeddings.

    Args:
        channels: Channels of the input.
        bands: Bands of the input.
        frames: Frames of the input.
        classes: Scores of the output.
        encoder: `_target_` and settings of the encoder; the shape of the input is added to them.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: For an encoder that gives scores, or that is not a class of earmark.models.
        EarmarkError: For settings that it does not have, or values that it refuses.
    """

    gives = "scores"
    clip_by_clip = False

    def __init__(self, channels: int, bands: int, frames: int, classes: int, encoder: dict[str, Any]) -> None:
        super().__init__()
        kind = _encoder_class(encoder)
        if kind.gives != "embeddings":
            raise ValueError(
                f"model.encoder: {kind.__name__} gives {kind.gives}, not embeddings: use it as model"
            )
        node = {**encoder, "channels": channels, "bands": bands, "frames": frames}
        with torch.device("meta"):  # shapes alone, without values
            sample = torch.empty(1, channels, bands, frames)
            width = build_model(node, "model.encoder").eval()(sample).shape[1]
        self.encoder = build_model(node, "model.encoder")
        self.head = nn.Linear(width, classes)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Scores (batch, classes) of clips (batch, channels, bands, frames)."""
        return self.head(self.encoder(clips))


def _encoder_class(encoder: dict[str, Any]) -> Any:
    """The class that `_target_` names, a model that a module of this package defines.

    Raises:
        ValueError: For anything else.
    """
    target = str(encoder.get("_target_", ""))
    module, _, name = target.rpartition(".")
    kind = None
    # Settings of bundles come here, too: for them no modules but those of this package may be imported.
    if re.fullmatch(rf"{re.escape(PACKAGE)}\.\w+", module):
        with suppress(ImportError, AttributeError):
            kind = getattr(importlib.import_module(module), name)
    is_model = isinstance(kind, type) and issubclass(kind, nn.Module) and hasattr(kind, "gives")
    if not is_model or kind.__module__ != module:
        raise ValueError(f"model.encoder._target_ {target or 'is missing'}: must be a model of {PACKAGE}")
    return kind
