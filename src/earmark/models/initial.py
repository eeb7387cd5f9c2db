"""Initial weights of a training from another bundle, in place of random ones."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say

ENCODER = "encoder."  # prefix of the encoder's tensors in a Classifier
MOST_NAMED = 4  # tensors that keep their values, in the message


def load_initial(model: nn.Module, weights: Mapping[str, torch.Tensor], where: str) -> int:
    """Copy into a model the tensors that have its names and shapes.

    Tensors of an encoder also fit the encoder inside a Classifier, and the other way round. Tensors that do
    not fit, for instance of the head for other labels, leave the model's values as they are.

    Args:
        model: The model, which is changed in place.
        weights: Tensors by name.
        where: Whose weights they are, for the messages.

    Returns:
        Tensors copied.

    Raises:
        EarmarkError: Where fewer than half of the layers fit.
    """
    state = model.state_dict()
    fitting = {}
    for name, tensor in state.items():
        for candidate in (name, ENCODER + name, name.removeprefix(ENCODER)):
            other = weights.get(candidate)
            if other is not None and other.shape == tensor.shape and other.dtype == tensor.dtype:
                fitting[name] = other
                break
    # Norms and biases of equal width fit by accident: the weights of layers identify an architecture.
    layers = [name for name, tensor in state.items() if tensor.ndim >= 2]
    fits = sum(name in fitting for name in layers)
    if 2 * fits < len(layers) or not any(tensor.ndim for tensor in fitting.values()):
        raise EarmarkError(
            f"{where}: {fits} of the {len(layers)} layers of {type(model).__name__} fit its weights; start "
            "from a bundle of the same model and settings, or without one"
        )
    model.load_state_dict({**state, **fitting})
    new = [name for name in state if name not in fitting]
    others = " and others" if len(new) > MOST_NAMED else ""
    rest = f"; new are {', '.join(new[:MOST_NAMED])}{others}" if new else ""
    say(f"start: {len(fitting)} of {len(state)} tensors from {where}{rest}")
    return len(fitting)
