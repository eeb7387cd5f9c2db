"""Which fitted decisions there are."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from earmark import decisions
from earmark.foundation.contracts import FittedDecision


@cache
def decision_kinds() -> dict[str, type[FittedDecision]]:
    """The fitted decisions by kind: each class with a `kind` that a module of `earmark.decisions` defines."""
    kinds = {}
    for info in pkgutil.iter_modules(decisions.__path__, f"{decisions.__name__}."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, type) and value.__module__ == info.name and hasattr(value, "kind"):
                kinds[value.kind] = value
    return kinds
