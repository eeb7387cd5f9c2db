"""What `earmark cache gc` removes: leftovers always, entries by age or by what refers to them.

An entry with another name (`links` above 1) stays whatever is asked: removing it would free no byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from earmark.store.inventory.scan import Entry, Item, Leftover, Written


class References(Protocol):
    """What outside of the store refers to its entries."""

    def hold(self, entry: Path, size: int) -> bool:
        """Whether an entry of this size in bytes, which has no other name, is referred to."""
        ...


@dataclass(frozen=True)
class Rule:
    """Which entries are removed; with two conditions an entry must fulfil both.

    Attributes:
        before: Entries not asked for since this time, seconds since the epoch; None: whatever their age.
        references: Entries that these do not hold; None: whatever refers to them.
    """

    before: float | None = None
    references: References | None = None

    @property
    def takes_entries(self) -> bool:
        """Whether any condition is set; without one only leftovers are removed."""
        return self.before is not None or self.references is not None

    def reason_to_keep(self, entry: Entry) -> str:
        """Why an entry stays; "" where it is to be removed.

        Raises:
            FileNotFoundError: The entry was removed by somebody else meanwhile.
        """
        if not self.takes_entries:
            return "no rule given"
        if entry.links > 1:
            return "linked"
        if self.before is not None and entry.used >= self.before:
            return "recent"
        if self.references is not None and self.references.hold(entry.path, entry.size):
            return "referred to"
        return ""


def reasons_to_keep(items: Iterable[Item], rule: Rule) -> Iterator[tuple[Item, str]]:
    """Yield every item with the reason why it stays, "" where it is to be removed."""
    for item in items:
        if isinstance(item, Written):
            yield item, "being written"
        elif isinstance(item, Leftover):
            yield item, ""
        else:
            try:
                yield item, rule.reason_to_keep(item)
            except FileNotFoundError:  # removed by somebody else meanwhile
                yield item, "gone"
