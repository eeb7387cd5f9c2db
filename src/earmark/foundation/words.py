"""Numbers and paths as people read them."""

from __future__ import annotations

from pathlib import Path


def fixed(value: float | None, digits: int = 3) -> str:
    """A number with `digits` decimals; a dash for None."""
    return "–" if value is None else f"{value:.{digits}f}"


def shown(path: Path, base: Path) -> str:
    """A path relative to `base` where it lies below it, else as it is."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
