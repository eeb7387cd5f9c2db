"""earmark: listens to music and says who composed it, or honestly says *unknown*.

    from earmark import Identifier

    identifier = Identifier.load("models")
    verdict = identifier.identify("song.mid")
    print(verdict.label, verdict.probabilities, verdict.neighbours)

What is imported from here is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earmark.bundle import Bundle
    from earmark.identify.describe.file import describe
    from earmark.identify.identifier import Identifier
    from earmark.identify.verdict import Neighbour, Verdict

__version__ = "0.2.0"
__all__ = ["Bundle", "Identifier", "Neighbour", "Verdict", "__version__", "describe"]

_HOMES = {
    "Bundle": "earmark.bundle",
    "Identifier": "earmark.identify.identifier",
    "Neighbour": "earmark.identify.verdict",
    "Verdict": "earmark.identify.verdict",
    "describe": "earmark.identify.describe.file",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
