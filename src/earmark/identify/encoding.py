"""The model of a bundle, to be used: from clips to embeddings or scores."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from earmark.bundle import Bundle
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.onnx_file import session_of
from earmark.foundation.targets import build, target_of
from earmark.foundation.words import printable

if TYPE_CHECKING:
    import torch

Encoding = Callable[[np.ndarray], np.ndarray]
NVIDIA_DEVICE = Path("/dev/nvidia0")  # there where the driver has found a GPU; torch takes 2 s to say so


def encoding_of(bundle: Bundle) -> Encoding:
    """Make a function of a bundle's model.

    A model of arrays runs in NumPy and a network in ONNX Runtime. A network runs in torch where that is
    installed beside a GPU, and where the bundle has no ONNX file.

    Returns:
        From clips (n, channels, bands, frames), float32, to embeddings (n, dimensions) or scores (n, labels).

    Raises:
        EarmarkError: The model cannot be built by its settings, the weights are not those of the model, or it
            needs torch, which is not installed.
    """
    if bundle.network and not _torch_has_gpu():
        return _in_onnx_runtime(bundle.network)
    node = bundle.settings["model"]
    try:
        kind = target_of(node, "model")
        if not hasattr(kind, "arrays"):
            return _in_torch(module_of(bundle))
    except EarmarkError as error:
        missing = error.__cause__
        if not isinstance(missing, ModuleNotFoundError) or missing.name != "torch":
            raise
        raise EarmarkError(
            "this bundle has its network for PyTorch alone, as those saved by 0.2 and those whose export to "
            "ONNX failed: pip install 'earmark[train]', or train it again"
        ) from error
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


def _torch_has_gpu() -> bool:
    """Whether torch is installed and sees a GPU; without importing it where there is none."""
    if not NVIDIA_DEVICE.exists() or importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _in_onnx_runtime(network: bytes) -> Encoding:
    session = session_of(network)
    (given,) = session.get_inputs()
    name, shape = given.name, list(given.shape[1:])

    def encode(clips: np.ndarray) -> np.ndarray:
        values = np.asarray(clips, np.float32)
        if list(values.shape[1:]) != shape:
            raise EarmarkError(f"the bundle's network takes clips of another shape: {shape}")
        try:
            return np.concatenate([np.asarray(session.run(None, {name: clip[None]})[0]) for clip in values])
        except Exception as error:  # its classes have no common one
            raise EarmarkError(f"the bundle is refused: its network fails ({describe(error)})") from error

    return encode


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
