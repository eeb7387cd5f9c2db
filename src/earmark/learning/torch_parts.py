"""Models and objectives as the torch modules that they are, for static types."""

from __future__ import annotations

from torch import nn

from earmark.foundation.contracts import Model, Objective


class EncoderModule(nn.Module, Model):
    """A `torch.nn.Module` that fulfils `Model`; a model need not inherit from this class."""


class ObjectiveModule(nn.Module, Objective):
    """A `torch.nn.Module` that fulfils `Objective`; an objective need not inherit from this class."""
