"""How far the time signature alone gives a dance away."""

import pytest

from earmark.evaluation.metre import MetreControl

LABELS = ["jig", "reel"]


@pytest.fixture
def danced(evaluation, known, stranger):
    """Four pieces of each dance to train on and these to test, (label, metre) each."""

    def of(*test, metre_of=None, **settings):
        metre_of = metre_of or {"jig": "6/8", "reel": "4/4"}
        rows, facts = [], {"s": {}}
        for index in range(8):
            label = LABELS[index % 2]
            rows.append(known(f"t{index}", label, 0.0, 1.0, split="train"))
            facts[f"t{index}"] = {"metre": metre_of[label]} if metre_of[label] is not None else {}
        for index, (label, metre) in enumerate(test):
            rows.append(known(f"x{index}", label, 9.0, 0.0))  # the model is wrong about jigs
            facts[f"x{index}"] = {"metre": metre} if metre is not None else {}
        return MetreControl().measure(
            evaluation(LABELS, *rows, stranger("s", 1.0, 1.0), facts=facts, **settings)
        )

    return of


def test_where_the_metre_tells_the_dance_it_tells_it_all(danced, values):
    found = danced(("jig", "6/8"), ("reel", "4/4"), ("jig", "6/8"))
    assert values(found) == {"accuracy": 1, "balanced_accuracy": 1, "macro_f1": 1}


def test_what_is_measured_are_the_metres_not_the_models_verdicts(danced, values):
    found = values(danced(("jig", "4/4"), ("reel", "4/4"), ("jig", "6/8")))
    assert found == pytest.approx(
        {"accuracy": 2 / 3, "balanced_accuracy": 3 / 4, "macro_f1": (2 / 3 + 2 / 3) / 2}, abs=1e-6
    )


def test_where_all_dances_share_a_metre_it_says_nothing(danced, values):
    test = [("jig", "4/4"), ("reel", "4/4")]
    found = values(danced(*test, metre_of={"jig": "4/4", "reel": "4/4"}))
    assert found["balanced_accuracy"] == 0.5


def test_a_metre_that_was_never_trained_on_and_none_at_all_are_metres_too(danced, values):
    found = danced(("jig", "9/8"), ("reel", ""), ("reel", None), ("jig", "6/8"))
    assert 0 <= values(found)["accuracy"] <= 1
    assert set(found["accuracy"]) == {"value", "low", "high"}
    silent = {"jig": "6/8", "reel": None}  # no time signature: that itself tells
    assert values(danced(("jig", "6/8"), ("reel", None), metre_of=silent))["accuracy"] == 1


def test_of_recordings_nothing_is_measured(danced):
    found = danced(("jig", None), ("reel", ""), metre_of={"jig": None, "reel": ""})
    assert set(found) == {"accuracy", "balanced_accuracy", "macro_f1"}
    assert all(metric == {"value": None, "low": None, "high": None} for metric in found.values())


def test_nothing_is_drawn(evaluation, tmp_path):
    MetreControl().draw(evaluation(LABELS), tmp_path)
    assert list(tmp_path.iterdir()) == []
