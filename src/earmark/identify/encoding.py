"""The model of a bundle, to be used: from clips to embeddings or scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from earmark.bundle import Bundle
from earmark.foundation.targets import build, target_of

if TYPE_CHECKING:
    import torch

Encoding = Callable[[np.ndarray], np.ndarray]


def encoding_of(bundle: Bundle) -> Encoding:
    """Make a function of a bundle's model.

    A model of arrays needs no torch; others run in torch, on the GPU where there is one.

    Returns:
        From clips (n, channels, bands, frames), float32, to embeddings (n, dimensions) or scores (n, labels).

    Raises:
        EarmarkError: The model cannot be built by its settings.
    """
    node = bundle.settings["model"]
    if not hasattr(target_of(node, "model"), "arrays"):
        return _in_torch(module_of(bundle))
    model = build(node, "model")
    model.load(bundle.weights)
    return model.forward


def module_of(bundle: Bundle) -> torch.nn.Module:
    """A bundle's model with its weights as a module, in evaluation mode.

    Raises:
        EarmarkError: The model cannot be built by its settings.
        RuntimeError: The weights are not those of the model.
    """
    import torch

    from earmark.models.array_module import build_model

    module = build_model(bundle.settings["model"])
    module.load_state_dict({name: torch.from_numpy(array) for name, array in bundle.weights.items()})
    return module.eval()


def _in_torch(module: torch.nn.Module) -> Encoding:
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module = module.to(device)

    def encode(clips: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return module(torch.from_numpy(clips).to(device)).float().cpu().numpy()

    return encode
