"""Eight figures, the experiment's own first."""

import pytest

from earmark.evaluation.compared import FIGURES, figures


def measured(*more):
    names = (*FIGURES, "closed_set.balanced_accuracy", "closed_set.macro_f1", *more)
    metrics = {}
    for place, name in enumerate(names):
        section, _, metric = name.partition(".")
        metrics.setdefault(section, {})[metric] = {"value": place / 100, "low": 0.0, "high": 1.0}
    return {**metrics, "pieces": {"test": 3}, "warnings": []}


@pytest.mark.parametrize(
    ("more", "first"),
    [
        ((), "closed_set.balanced_accuracy"),
        (("key.weighted",), "key.weighted"),
        (("verification.eer",), "verification.eer"),
    ],
)
def test_they_are_eight_and_the_headline_comes_first(more, first):
    metrics = measured(*more)
    names = [f"{section}.{name}" for section, found in figures(metrics).items() for name in found]
    assert len(names) == 8
    assert names[0] == first
    section, _, name = first.partition(".")
    assert figures(metrics)[section][name] == metrics[section][name]["value"]


def test_what_was_not_measured_is_left_out():
    metrics = measured()
    metrics["open_set"]["auroc"]["value"] = None
    assert "open_set" not in figures(metrics)
