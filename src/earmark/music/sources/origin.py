"""Pieces as every source lists them for ingest, before anything is copied."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from earmark.foundation.errors import EarmarkError


@dataclass(frozen=True)
class Origin:
    """A piece as its source lists it.

    Attributes:
        name: Its path as the source states it: unique within the source, and shown to users.
        label: Its class; may be empty for unknown pieces.
        group: Its work.
        role: `known`, `unknown-calibration` or `unknown-test`.
        split: `train`, `validation`, `test` where the source fixes it, else empty.
        title: Its title, for people.
        file: Its file; None for a piece of a package that `name` alone identifies.
        confidence: The lowest confidence that the source states for the label, 0 to 1.
        fault: Why it cannot be used, where the source knows; else "".

    Raises:
        EarmarkError: A known piece has the label `unknown`.
    """

    name: str
    label: str
    group: str = ""
    role: str = "known"
    split: str = ""
    title: str = ""
    file: Path | None = None
    confidence: float = 1.0
    fault: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.role == "known" and self.label == "unknown":
            raise EarmarkError(
                f"{self.name}: a known label cannot be called unknown, which is the verdict on strangers: "
                "rename it, or list such pieces in a CSV with the role unknown-test"
            )
