"""An encoder with a linear head: from embeddings to a score for each label."""

from __future__ import annotations

import importlib
import re
from typing import Any

import torch
from torch import nn

from earmark.foundation.targets import build

PACKAGE = "earmark.models"


class Classifier(nn.Module):
    """Any encoder of this package, and a linear layer over its embeddings.

    encoder: the encoder's own node, `_target_` and settings; the input's shape is added to it. Output
    (batch, classes). Raises ValueError for an encoder that gives scores itself, or that is not one of
    the classes of earmark.models; EarmarkError for settings that it does not know.
    """

    gives = "scores"
    clip_by_clip = False

    def __init__(self, channels: int, bands: int, frames: int, classes: int, encoder: dict[str, Any]) -> None:
        super().__init__()
        kind = _own_class(encoder)
        if kind.gives != "embeddings":
            raise ValueError(
                f"model.encoder: {kind.__name__} gives {kind.gives}, not embeddings: use it as model"
            )
        node = {**encoder, "channels": channels, "bands": bands, "frames": frames}
        with torch.device("meta"):  # shapes without numbers: how long an embedding is
            shadow = build(node, "model.encoder").eval()
            width = shadow(torch.empty(1, channels, bands, frames)).shape[1]
        self.encoder = build(node, "model.encoder")
        self.head = nn.Linear(width, classes)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(clips))


def _own_class(encoder: dict[str, Any]) -> type[nn.Module]:
    """The class that `_target_` names: one that a module of this package itself defines."""
    target = str(encoder.get("_target_", ""))
    module, _, name = target.rpartition(".")
    found = None
    # A bundle's settings come here, too: nothing but our own modules is imported for them.
    if re.fullmatch(rf"{re.escape(PACKAGE)}\.\w+", module):
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            found = None
    known = isinstance(found, type) and issubclass(found, nn.Module) and found.__module__ == module
    if not known or not hasattr(found, "gives"):
        raise ValueError(f"model.encoder._target_ {target or 'is missing'}: must be a model of {PACKAGE}")
    return found
