"""Which number a task is compared by."""

from earmark.evaluation.headline import BALANCED_ACCURACY, EQUAL_ERROR_RATE, KEY_SCORE, headline


def test_what_an_experiment_added_comes_first():
    found = {
        "closed_set": {"balanced_accuracy": {"value": 0.9}},
        "key": {"weighted": {"value": 0.8}},
        "verification": {"eer": {"value": None}},
    }
    assert headline({"closed_set": found["closed_set"]}) == BALANCED_ACCURACY
    assert headline({name: found[name] for name in ("closed_set", "key")}) == KEY_SCORE
    assert headline(found) == EQUAL_ERROR_RATE
    assert [one.of(found) for one in (BALANCED_ACCURACY, KEY_SCORE, EQUAL_ERROR_RATE)] == [0.9, 0.8, None]
