"""What somebody else's settings may ask for: classes of this package, with settings of their types.

Nothing is imported before the class is known to be one that a module of the package defines itself.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from earmark.foundation.closure import PACKAGE
from earmark.foundation.words import printable

MOST_ITEMS, MOST_LETTERS = 256, 1024
SPECIAL = frozenset({"_target_", "_recursive_"})  # a class, not a function that waits for more
TYPES = {
    "int": int,
    "float": (int, float),
    "bool": bool,
    "str": str,
    "str | None": (str, type(None)),
    "list[int]": list,
    "dict[str, Any]": dict,
}
"""Values by the annotation of an argument; others are checked by their size alone."""


def foreign_target(settings: Mapping[str, Any], packages: Mapping[str, str]) -> str | None:
    """The first `_target_` that is not allowed, at any depth; None where there is none.

    Args:
        settings: Sections of settings.
        packages: The package whose classes a section may name, by section; those sections need a `_target_`.
    """
    for section, node in settings.items():
        package = packages.get(section)
        for target in _targets(node):
            module, _, name = target.rpartition(".")
            # Not startswith: earmark.models.convnet.torch.hub.load is a function of PyTorch.
            allowed = package and re.fullmatch(rf"{re.escape(package)}\.\w+", module)
            if not allowed or not _defines(module, name):
                return target
    if not all("_target_" in settings[section] for section in packages):
        return "nothing"
    return None


def _targets(node: Any) -> Iterator[str]:
    """Every _target_ in a node, and every text that OmegaConf would resolve."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield str(node["_target_"])
        node = list(node.values())
    if isinstance(node, (list, tuple)):  # YAML's !!pairs are tuples
        for item in node:
            yield from _targets(item)
    elif isinstance(node, str) and "${" in node:
        yield node  # ${oc.create:…} makes a node with a _target_ while the config is resolved


def _defines(module: str, name: str) -> bool:
    """Whether `name` is a class that `module` itself defines."""
    return _class_of(module, name) is not None


def _class_of(module: str, name: str) -> ast.ClassDef | None:
    """A class of a module, read from its source: nothing runs, and torch is not loaded for it."""
    file = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    if not file.is_file():
        return None
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return next((node for node in body if isinstance(node, ast.ClassDef) and node.name == name), None)


def _arguments(target: str) -> dict[str, str]:
    """The arguments of a class of this package with their annotations; none where it inherits them."""
    module, _, name = target.rpartition(".")
    found = _class_of(module, name)
    body = [] if found is None else found.body
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs][1:]
            return {item.arg: ast.unparse(item.annotation) if item.annotation else "" for item in arguments}
    fields = [node for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    return {ast.unparse(node.target): ast.unparse(node.annotation) for node in fields}


def misfit(node: Any, name: str, most: int) -> str:
    """What a value of settings cannot be, at any depth: its size, its kind, what a class does not take.

    Args:
        node: A section, its targets checked by `foreign_target`, or a value in it.
        name: How the answer calls it, for example `model`.
        most: The largest whole number.

    Returns:
        For example `model.hidden=ten is no int`; "" where nothing is wrong.
    """
    if isinstance(node, dict):
        if len(node) > MOST_ITEMS or not all(isinstance(key, str) for key in node):
            return f"{name} has more than {MOST_ITEMS} settings, or names that are no words"
        if special := sorted(key for key in node if key.startswith("_") and key not in SPECIAL):
            return f"{name}.{printable(special[0])[:60]} is no setting"
        if wrong := _ill_called(node, name) if "_target_" in node else "":
            return wrong
        found = (misfit(value, f"{name}.{printable(key)[:60]}", most) for key, value in node.items())
    elif isinstance(node, list):
        if len(node) > MOST_ITEMS:
            return f"{name} has more than {MOST_ITEMS} items"
        found = (misfit(value, f"{name}[{place}]", most) for place, value in enumerate(node))
    else:
        return f"{name}={_shown(node)} is out of bounds" if _is_unbounded(node, most) else ""
    return next(filter(None, found), "")


def _is_unbounded(value: Any, most: int) -> bool:
    if isinstance(value, (int, float)):
        return not math.isfinite(value) or abs(value) > most
    if isinstance(value, str):
        return len(value) > MOST_LETTERS or printable(value) != value
    return value is not None  # dates, bytes, sets and tuples are for YAML alone


def _ill_called(node: Mapping[str, Any], name: str) -> str:
    """Which setting the class of `_target_` does not have, or not of this type; "" where there is none."""
    arguments = _arguments(node["_target_"])
    for key, value in node.items():
        if arguments and key not in arguments and key not in SPECIAL:
            return f"{name}.{printable(key)[:60]} is not a setting of {node['_target_']}"
        if wrong := mistyped(value, arguments.get(key, "")):
            return f"{name}.{key}={wrong}"
    return ""


def mistyped(value: Any, annotation: str) -> str:
    """What is wrong with a value: for example `ten is no int`; "" where it is of the type.

    Args:
        value: A setting.
        annotation: Its type; one that is not in TYPES is not checked.
    """
    types = TYPES.get(annotation)
    if types is None:
        return ""
    is_right = isinstance(value, types) and (types is bool or not isinstance(value, bool))
    if annotation == "list[int]" and isinstance(value, list):
        is_right = all(type(number) is int and number > 0 for number in value)
    return "" if is_right else f"{_shown(value)} is no {annotation}"


def _shown(value: Any) -> str:
    text = printable(str(value) if isinstance(value, (str, int, float)) else type(value).__name__)
    return text if len(text) <= 40 else f"{text[:40]}…"
