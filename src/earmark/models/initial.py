"""Where a training starts when it does not start from chance: with another bundle's weights."""

from __future__ import annotations

import torch
from torch import nn

from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say

ENCODER = "encoder."  # how Classifier calls what it wraps


def load_initial(model: nn.Module, weights: dict[str, torch.Tensor], where: str) -> int:
    """Copy into `model` the tensors of `weights` that have its names and shapes; return how many.

    An encoder's tensors also fit the encoder inside a Classifier, and the other way round. What does
    not fit, for instance the head for other labels, keeps its own values. where: whose weights these
    are, for the messages. Raises EarmarkError where fewer than half of the layers fit.
    """
    own = model.state_dict()
    fitting = {}
    for name, tensor in own.items():
        for called in (name, ENCODER + name, name.removeprefix(ENCODER)):
            other = weights.get(called)
            if other is not None and other.shape == tensor.shape and other.dtype == tensor.dtype:
                fitting[name] = other
                break
    # Norms and biases of the same width fit by accident: weights of layers are what tells networks apart.
    layers = [name for name, tensor in own.items() if tensor.ndim >= 2]
    fits = sum(name in fitting for name in layers)
    if 2 * fits < len(layers) or not any(tensor.ndim for tensor in fitting.values()):
        raise EarmarkError(
            f"{where}: {fits} of the {len(layers)} layers of {type(model).__name__} fit its weights; start "
            "from a bundle of the same model and settings, or without one"
        )
    model.load_state_dict({**own, **fitting})
    new = [name for name in own if name not in fitting]
    rest = f"; new are {', '.join(new[:4])}{' and others' if len(new) > 4 else ''}" if new else ""
    say(f"start: {len(fitting)} of {len(own)} tensors from {where}{rest}")
    return len(fitting)
