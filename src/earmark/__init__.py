"""earmark listens to music and says who composed it, or *unknown*.

    from earmark import Identifier

    identifier = Identifier.load("models")
    verdict = identifier.identify("song.mid")
    print(verdict.label, verdict.probabilities, verdict.neighbours)

`import earmark` imports nothing else: each name of the API is loaded when it is first used. docs/api.md lists
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earmark.bundle import Bundle
    from earmark.foundation.errors import EarmarkError
    from earmark.identify.describe.file import describe
    from earmark.identify.identifier import Identifier
    from earmark.identify.verdict import Neighbour, Verdict

__version__ = "0.2.0"
__all__ = ["Bundle", "EarmarkError", "Identifier", "Neighbour", "Verdict", "__version__", "describe"]

_MODULES = {
    "Bundle": "earmark.bundle",
    "EarmarkError": "earmark.foundation.errors",
    "Identifier": "earmark.identify.identifier",
    "Neighbour": "earmark.identify.verdict",
    "Verdict": "earmark.identify.verdict",
    "describe": "earmark.identify.describe.file",
}


def __getattr__(name: str) -> object:
    """Load a name of the API when it is first used. Raises AttributeError for other names."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The names of the API."""
    return sorted(__all__)
