"""What is collected, and why the rest stays."""

from pathlib import Path

import pytest

from earmark.pipeline.references import References
from earmark.store.inventory.collect import Rule, judge
from earmark.store.inventory.survey import Entry, Leftover, Written


def entry(used=100.0, links=1):
    return Entry("audio", Path("nowhere/ab00.wav"), 5, links, used)


class Holding(References):
    def hold(self, entry, size):
        return True


@pytest.mark.parametrize(
    ("rule", "found", "reason"),
    [
        (Rule(), entry(), "no rule given"),
        (Rule(before=200), entry(), ""),
        (Rule(before=100), entry(), "recent"),
        (Rule(before=200), entry(links=2), "linked"),
        (Rule(references=References()), entry(), ""),
        (Rule(references=References()), entry(links=2), "linked"),
        (Rule(references=Holding()), entry(), "referred to"),
        (Rule(before=200, references=Holding()), entry(), "referred to"),
        (Rule(before=50, references=References()), entry(), "recent"),
        (Rule(references=References(frozenset({"ab"}))), entry(), "gone"),
        (Rule(), Leftover("audio", Path("x"), Path("y"), 0), ""),
        (Rule(before=200), Written("audio", Path("x"), 0), "being written"),
    ],
)
def test_each_rule(rule, found, reason):
    assert list(judge([found], rule)) == [(found, reason)]
