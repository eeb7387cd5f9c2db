"""The price of hearing: the difference of two balanced accuracies on the same pieces."""

import pandas as pd
import pytest

from earmark.evaluation.evaluated import EvaluatedPieces
from earmark.evaluation.hearing import hearing_metrics


def test_the_price_is_what_reading_has_more_than_hearing():
    names = [f"piece{number}" for number in range(8)]
    evaluation = EvaluatedPieces(
        *(["a", "b"], pd.DataFrame(), {}, {}, {name: name for name in names}, {}), resamples=200, seed=1
    )
    label = list("aaaabbbb")
    excerpts = pd.DataFrame(
        {"piece_id": names, "label": label, "read": list("aaaabbba"), "heard": list("aabbbbba")}
    )
    metrics = hearing_metrics(evaluation, excerpts)
    assert metrics["notes_read"]["value"] == pytest.approx((4 / 4 + 3 / 4) / 2)
    assert metrics["notes_heard"]["value"] == pytest.approx((2 / 4 + 3 / 4) / 2)
    assert metrics["price"]["value"] == pytest.approx(0.25)
    assert metrics["price"]["low"] <= 0.25 <= metrics["price"]["high"]
