"""The model of a bundle, to be used: from clips to embeddings or scores."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from earmark.bundle import Bundle
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.targets import build, target_of
from earmark.foundation.words import printable

if TYPE_CHECKING:
    import torch

Encoding = Callable[[np.ndarray], np.ndarray]


def encoding_of(bundle: Bundle) -> Encoding:
    """Make a function of a bundle's model.

    A model of arrays needs no torch; others run in torch, on the GPU where there is one.

    Returns:
        From clips (n, channels, bands, frames), float32, to embeddings (n, dimensions) or scores (n, labels).

    Raises:
        EarmarkError: The model cannot be built by its settings, or the weights are not those of the model.
    """
    node = bundle.settings["model"]
    if not hasattr(target_of(node, "model"), "arrays"):
        return _in_torch(module_of(bundle))
    model = build(node, "model")
    _check_shapes(bundle, {name: np.shape(array) for name, array in model.arrays().items()})
    model.load(bundle.weights)
    return model.forward


def module_of(bundle: Bundle) -> torch.nn.Module:
    """A bundle's model with its weights as a module, in evaluation mode.

    Raises:
        EarmarkError: The model cannot be built by its settings, or the weights are not those of the model.
    """
    import torch

    from earmark.models.array_module import build_model

    try:
        with (
            warnings.catch_warnings(action="ignore"),
            torch.device("meta"),
        ):  # shapes alone: settings may ask for more memory than there is
            outline = build_model(bundle.settings["model"]).state_dict()
    except (EarmarkError, RuntimeError, TypeError, ValueError, ArithmeticError) as error:
        raise EarmarkError(f"the bundle is refused: its model cannot be built ({describe(error)})") from error
    _check_shapes(bundle, {name: tuple(tensor.shape) for name, tensor in outline.items()})
    module = build_model(bundle.settings["model"])
    module.load_state_dict({name: torch.from_numpy(array) for name, array in bundle.weights.items()})
    return module.eval()


def _check_shapes(bundle: Bundle, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise EarmarkError where the weights of a bundle are not those that its model's settings ask for."""
    weights = {name: array.shape for name, array in bundle.weights.items()}
    for name in sorted({*weights, *shapes}):
        if weights.get(name) != shapes.get(name):
            sizes = " and ".join(str(found.get(name, "none")) for found in (weights, shapes))
            raise EarmarkError(
                f"the bundle is refused: its weights are not its model's ({printable(name)[:60]}: {sizes})"
            )


def _in_torch(module: torch.nn.Module) -> Encoding:
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module = module.to(device)

    def encode(clips: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return module(torch.from_numpy(clips).to(device)).float().cpu().numpy()

    return encode
