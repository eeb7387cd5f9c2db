"""The reference of the API in Python: what mkdocstrings reads from the docstrings."""

from __future__ import annotations

import earmark


def python_api() -> str:
    """The page, with a section for each name of `earmark.__all__`."""
    parts = [
        "# The API in Python, from its docstrings\n\n`from earmark import NAME`. "
        "[The page by hand](../api.md) has the same in tables, with what else is to be known."
    ]
    for name in sorted(earmark.__all__, key=str.lower):
        value = getattr(earmark, name)
        if module := getattr(value, "__module__", ""):
            parts.append(f"::: {module}.{name}")
    return "\n\n".join(parts) + "\n"
