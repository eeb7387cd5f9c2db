"""What is collected, and why the rest stays."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from earmark.store.inventory.collect import Rule, reasons_to_keep
from earmark.store.inventory.scan import Entry, Leftover, Written


def entry(used=100.0, links=1):
    return Entry("audio", Path("nowhere/ab00.wav"), 5, links, used)


@dataclass(frozen=True)
class Holding:
    """References to every entry, or to none."""

    answer: bool

    def hold(self, entry, size):
        return self.answer


class Reading:
    """References that are known by an entry's bytes."""

    def hold(self, entry, size):
        return bool(entry.read_bytes())


ALL, NONE = Holding(True), Holding(False)


@pytest.mark.parametrize(
    ("rule", "item", "reason"),
    [
        (Rule(), entry(), "no rule given"),
        (Rule(before=200), entry(), ""),
        (Rule(before=100), entry(), "recent"),
        (Rule(before=200), entry(links=2), "linked"),
        (Rule(references=NONE), entry(), ""),
        (Rule(references=NONE), entry(links=2), "linked"),
        (Rule(references=ALL), entry(), "referred to"),
        (Rule(before=200, references=ALL), entry(), "referred to"),
        (Rule(before=200, references=NONE), entry(), ""),
        (Rule(before=50, references=NONE), entry(), "recent"),
        (Rule(references=Reading()), entry(), "gone"),
        (Rule(), Leftover("audio", Path("x"), Path("y"), 0), ""),
        (Rule(before=200), Written("audio", Path("x"), 0), "being written"),
    ],
)
def test_each_rule(rule, item, reason):
    assert list(reasons_to_keep([item], rule)) == [(item, reason)]
