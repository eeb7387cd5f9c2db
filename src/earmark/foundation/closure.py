"""Which modules of this package a module needs: the code version of everything that is kept or cached.

DVC does not see Python imports, and a cached rendering must be made anew when the code that made it
changes. Both are answered by the import closure, read from the source by `ast` (imports inside functions
included, those for type checkers alone left out).

What changes no result stays out of it: how settings are composed and checked, how things are kept, and what
is printed, shown and tracked meanwhile. A new field must not re-render a corpus, nor a comment in the tracker
retrain.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
WITHOUT_EFFECT = (
    "__init__.py",
    "foundation/",
    "store/",
    "music/section_check.py",
    "music/ranges.py",
    "music/settings.py",
    "pipeline/settings/",
    "pipeline/tracking/",
    "pipeline/summary.py",
)
"""Rooms and modules that change no result, by the beginning of their path in the package."""


WEIGHTS = "*.onnx"  # networks that a module of the same folder loads: they decide like its code


def _module_file(dotted: str) -> Path | None:
    """The file of `earmark.a.b`, or None where that is no module of this package."""
    parts = dotted.split(".")
    if parts[0] != PACKAGE.name:
        return None
    base = PACKAGE.joinpath(*parts[1:])
    if base.with_suffix(".py").is_file():
        return base.with_suffix(".py")
    init = base / "__init__.py"
    return init if init.is_file() else None


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node of a module's syntax tree but those that only type checkers read."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield other
                yield from _statements(other)
            continue
        yield node
        yield from _statements(node)


@cache
def imports(file: Path) -> frozenset[Path]:
    """The files of this package that a file of it imports."""
    files: set[Path] = set()
    for node in _statements(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                around = file.relative_to(PACKAGE.parent).parts[: -node.level]
                origin = ".".join([*around, *origin.split(".")]).rstrip(".")
            names = [origin, *(f"{origin}.{alias.name}" for alias in node.names)]
        else:
            continue
        files.update(path for name in names if (path := _module_file(name)))
    return frozenset(files)


@cache
def closure(module: str) -> tuple[Path, ...]:
    """The files of this package that a module needs, itself included, without those of WITHOUT_EFFECT.

    Weights that lie beside one of them are among them.

    A package imported as such (`from earmark import models`) brings all its files: its members are
    chosen by a config's `_target_`, so any of them may run.

    Args:
        module: A dotted name, for example `earmark.music.synthesis.piece`.

    Returns:
        Their paths, sorted.

    Raises:
        ValueError: The name is no module of this package.
    """
    start = _module_file(module)
    if start is None:
        raise ValueError(f"{module} is not a module of {PACKAGE.name}")
    seen: set[Path] = set()
    queue = [start]
    while queue:
        file = queue.pop()
        if file in seen or file.relative_to(PACKAGE).as_posix().startswith(WITHOUT_EFFECT):
            continue
        seen.add(file)
        queue.extend(imports(file))
        if file.name == "__init__.py":
            queue.extend(file.parent.rglob("*.py"))
    weights = {path for folder in {file.parent for file in seen} for path in folder.glob(WEIGHTS)}
    return tuple(sorted(seen | weights))


@cache
def code_version(module: str) -> str:
    """A digest of the source of `module` and of all that it needs: see `closure`."""
    digest = hashlib.sha256()
    for file in closure(module):
        digest.update(str(file.relative_to(PACKAGE)).encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


@cache
def source_digest() -> str:
    """A digest of this package's whole source; equal where two machines have the same earmark."""
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        digest.update(file.relative_to(PACKAGE).as_posix().encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
