"""A model of NumPy arrays as a `torch.nn.Module`, for training, embedding and evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from earmark.foundation.contracts import ArrayModel
from earmark.foundation.targets import build


class ArrayModule(nn.Module):
    """Tensors to arrays, the model, arrays to tensors; its state_dict has the model's arrays.

    Args:
        model: The model of arrays.

    Attributes:
        gives: See `Model.gives`.
        clip_by_clip: See `Model.clip_by_clip`.
    """

    def __init__(self, model: ArrayModel) -> None:
        super().__init__()
        self.model = model
        self.gives, self.clip_by_clip = model.gives, model.clip_by_clip
        for name, array in model.arrays().items():
            self.register_buffer(name, torch.tensor(array))

    def summarise(self, clips: torch.Tensor) -> torch.Tensor:
        """See `ClassicalModel.summarise`."""
        return self._applied(self.model.summarise, clips)

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """See `ClassicalModel.fit`."""
        self.model.fit(summaries, classes, weights, seed)
        for name, array in self.model.arrays().items():
            self.get_buffer(name).copy_(torch.from_numpy(np.asarray(array)))

    def scores(self, summaries: torch.Tensor) -> torch.Tensor:
        """See `ClassicalModel.scores`."""
        return self._applied(self.model.scores, summaries)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """See `Model.forward`."""
        return self._applied(self.model.forward, clips)

    def load_state_dict(self, state_dict: Mapping[str, Any], *arguments: Any, **keywords: Any) -> Any:
        """As `nn.Module.load_state_dict`, and the model gets its arrays."""
        done = super().load_state_dict(state_dict, *arguments, **keywords)
        self.model.load({name: buffer.cpu().numpy() for name, buffer in self.named_buffers()})
        return done

    def _applied(self, function: Any, values: torch.Tensor) -> torch.Tensor:
        if values.is_meta:  # a model that is checked before there is any clip
            width = function(np.zeros((1, *values.shape[1:]), np.float32)).shape[1]
            return torch.empty(len(values), width, device="meta")
        return torch.from_numpy(np.ascontiguousarray(function(values.cpu().numpy()))).to(values.device)


def build_model(node: Mapping[str, Any], name: str = "model") -> nn.Module:
    """Build a model from its settings, as a module in any case.

    Args:
        node: `_target_` and settings, the input's shape included.
        name: How messages call the node.

    Raises:
        EarmarkError: See `build`.
    """
    model = build(node, name)
    return model if isinstance(model, nn.Module) else ArrayModule(model)
