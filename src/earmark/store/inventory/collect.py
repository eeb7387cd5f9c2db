"""What `earmark cache gc` removes: leftovers always, entries by age or by what refers to them.

An entry with another name (`links` above 1) stays whatever is asked: removing it would free no byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from earmark.store.inventory.survey import Entry, Leftover, Written


class References(Protocol):
    """What outside of the store refers to its entries."""

    def hold(self, entry: Path, size: int) -> bool:
        """Whether an entry of this size in bytes, which has no other name, is referred to."""
        ...


@dataclass(frozen=True)
class Rule:
    """Which entries go: not asked for since `before` (s), and not referred to; None does not ask."""

    before: float | None = None
    references: References | None = None

    @property
    def takes_entries(self) -> bool:
        return self.before is not None or self.references is not None

    def kept(self, entry: Entry) -> str:
        """Why an entry stays, or nothing where it goes."""
        if not self.takes_entries:
            return "no rule given"
        if entry.links > 1:
            return "linked"
        if self.before is not None and entry.used >= self.before:
            return "recent"
        if self.references is not None and self.references.hold(entry.path, entry.size):
            return "referred to"
        return ""


def judge(
    found: Iterable[Entry | Leftover | Written], rule: Rule
) -> Iterator[tuple[Entry | Leftover | Written, str]]:
    """Everything that was found, and why it stays."""
    for item in found:
        if isinstance(item, Written):
            yield item, "being written"
        elif isinstance(item, Leftover):
            yield item, ""
        else:
            try:
                yield item, rule.kept(item)
            except FileNotFoundError:  # collected by somebody else meanwhile
                yield item, "gone"
