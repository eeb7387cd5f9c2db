"""Objects from settings: a mapping with `_target_` names a class, its other keys are the arguments.

The form is Hydra's (`hydra.utils.instantiate`), read here without Hydra, so that a bundle can be used where
Hydra is not installed: `_target_`, `_args_`, `_partial_`, and `_recursive_: false`, which hands nested
mappings over as they are. Lists and mappings arrive as plain lists and dicts.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from earmark.foundation.contracts import CONTRACTS
from earmark.foundation.errors import EarmarkError

SPECIAL_METHODS = frozenset({"__call__", "__len__", "__iter__"})  # those that a contract may ask for


def target_of(node: Mapping[str, Any], name: str) -> Any:
    """The class or function that a node has as `_target_`.

    Args:
        node: `_target_` and settings.
        name: How messages call the node, for example `model`.

    Raises:
        EarmarkError: The target does not exist, or does not know a setting of the node.
    """
    target = node.get("_target_")
    if not target:
        raise EarmarkError(f"config: {name} has no _target_: which class is it?")
    try:
        kind = _imported(str(target))
        parameters = inspect.signature(kind).parameters
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise EarmarkError(f"config: {name}._target_ {target}: {error}") from error
    if not any(item.kind is item.VAR_KEYWORD for item in parameters.values()):
        for key in node:
            if not key.startswith("_") and key not in parameters:
                known = ", ".join(parameters)
                raise EarmarkError(f"config: {name}.{key} is not a setting of {target} (it has {known})")
    return kind


def kind_of(node: Mapping[str, Any], group: str, name: str = "") -> Any:
    """The class of a part that users add to, checked against its contract (`earmark.foundation.contracts`).

    Args:
        node: `_target_` and settings.
        group: A key of `CONTRACTS`.
        name: How messages call the node; by default the group.

    Raises:
        EarmarkError: As `target_of`, or the class lacks what such a part must have.
    """
    kind, contract = target_of(node, name or group), CONTRACTS[group]
    missing = lacks(kind, contract)
    if missing:
        members = " and ".join(f"`{item}`" for item in missing)
        raise EarmarkError(
            f"config: {name or group}: {kind.__name__} lacks {members}: see {contract.__name__} in "
            f"{contract.__module__}"
        )
    return kind


def build(node: Mapping[str, Any], name: str, **further: Any) -> Any:
    """The object that a node describes.

    Args:
        node: `_target_` and settings.
        name: How messages call the node, for example `model`.
        **further: Arguments beside the settings.

    Returns:
        What the target gives; with `_partial_: true` a function that takes the arguments still missing.

    Raises:
        EarmarkError: The target does not exist, does not know a setting, or refuses its values.
    """
    kind = target_of(node, name)
    convert = _built if node.get("_recursive_", True) else _plain
    settings = {
        key: convert(value, f"{name}.{key}") for key, value in node.items() if not key.startswith("_")
    }
    positional = [
        convert(value, f"{name}._args_.{place}") for place, value in enumerate(node.get("_args_", ()))
    ]
    try:
        if node.get("_partial_"):
            return partial(kind, *positional, **settings, **further)
        return kind(*positional, **settings, **further)
    except EarmarkError:
        raise
    except (TypeError, ValueError) as error:
        raise EarmarkError(f"config: {name} ({node['_target_']}): {error}") from error


def _built(value: Any, name: str) -> Any:
    """A setting with the objects that nodes in it describe."""
    if isinstance(value, Mapping):
        if "_target_" in value:
            return build(value, name)
        return {key: _built(item, f"{name}.{key}") for key, item in value.items()}
    if _is_list(value):
        return [_built(item, f"{name}.{place}") for place, item in enumerate(value)]
    return value


def _plain(value: Any, name: str) -> Any:
    """A setting as it is, in lists and dicts."""
    if isinstance(value, Mapping):
        return {key: _plain(item, name) for key, item in value.items()}
    return [_plain(item, name) for item in value] if _is_list(value) else value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _imported(dotted: str) -> Any:
    """The class or function of a dotted path. Raises ImportError or AttributeError where there is none."""
    module, _, attribute = dotted.rpartition(".")
    if not module:
        raise ImportError(f"{dotted!r} names no module and class")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        # torch.optim.AdamW.from_pretrained: a class holds the function, and no module has the class's name.
        is_missing = error.name is not None and f"{module}.".startswith(f"{error.name}.")
        if not is_missing or "." not in module:
            raise
        return getattr(_imported(module), attribute)


def lacks(part: type, contract: type) -> list[str]:
    """Members of a contract that a class neither defines nor annotates.

    Args:
        part: The class, for example a model.
        contract: A Protocol.

    Returns:
        Their names, sorted.
    """
    required = {name for name in _members(contract) if not name.startswith("_") or name in SPECIAL_METHODS}
    return sorted(required - _members(part))


def _members(kind: type) -> set[str]:
    """Names that a class or its bases define or annotate, those of every object left out."""
    bases = [base for base in kind.__mro__ if base not in (object, Protocol)]
    return {name for base in bases for name in (*vars(base), *inspect.get_annotations(base))}
