"""Folds become configurations: means, pooled metrics and confusion matrices, computed by hand."""

from dataclasses import replace

import pandas as pd
import pytest

from earmark.evaluation.metric_table import FoldResult
from earmark.evaluation.pooling import Score
from earmark.experiments.sweep.aggregate import Job, aggregates, best

LABELS = ("Ash", "Birch")


def job(
    number,
    configuration,
    pieces,
    value=None,
    score=0.5,
    section=("closed_set", "balanced_accuracy"),
    trials=None,
):
    """pieces: (piece_id, work, label, nearest_label), known test pieces."""
    verdicts = pd.DataFrame(pieces, columns=["piece_id", "group", "label", "nearest_label"])
    return Job(
        number=str(number),
        configuration=tuple(configuration),
        metrics={section[0]: {section[1]: {"value": value}}},
        result=FoldResult(str(number), verdicts.assign(role="known", split="test"), trials),
        labels=LABELS,
        score=score,
        resamples=200,
        seed=0,
    )


FIRST = [("a1", "A", "Ash", "Ash"), ("b1", "B", "Birch", "Ash")]
SECOND = [("a2", "C", "Ash", "Ash"), ("b2", "D", "Birch", "Birch"), ("b3", "D", "Birch", "Birch")]


def test_folds_of_one_configuration_are_pooled():
    (result,) = aggregates([job(0, ["m=1"], FIRST, 0.5, 0.6), job(1, ["m=1"], SECOND, 1.0, 0.9)])
    assert (result.jobs, result.name, result.headline.words) == (("0", "1"), "m=1", "balanced accuracy")
    assert result.mean == 0.75
    # Ash 2 of 2, Birch 2 of 3
    assert result.pooled.value == pytest.approx((1 + 2 / 3) / 2, abs=1e-6)
    assert result.matrix.tolist() == [[2, 0], [1, 2]]
    assert (result.pieces, result.works) == (5, 4)
    assert result.validation == 0.75
    assert result.pooled.low < result.pooled.value < result.pooled.high == 1


def test_the_interval_is_clustered_by_work():
    """Twenty pieces of two works have the interval of two pieces."""
    one = [(f"a{n}", "A", "Ash", "Ash") for n in range(10)] + [
        (f"b{n}", "B", "Ash", "Birch") for n in range(10)
    ]
    (clustered,) = aggregates([job(0, [], one, 0.5)])
    assert (clustered.pooled.low, clustered.pooled.high) == (0, 1)
    (free,) = aggregates([job(0, [], [(name, name, *rest) for name, _, *rest in one], 0.5)])
    assert 0.2 < free.pooled.low < 0.5 < free.pooled.high < 0.8


def test_a_piece_that_is_in_the_test_of_every_fold_counts_in_each():
    fixed = ("f", "F", "Birch", "Birch")
    (result,) = aggregates([job(0, [], [*FIRST, fixed], 1), job(1, [], [*SECOND, fixed], 1)])
    assert (result.pieces, result.works) == (6, 5)
    assert result.matrix.sum() == 7
    assert result.pooled.value == pytest.approx((1 + 4 / 5) / 2, abs=1e-6)


def test_configurations_stay_apart_in_the_order_of_their_jobs():
    jobs = [job(0, ["m=1"], FIRST), job(1, ["m=2"], FIRST), job(2, ["m=1"], SECOND)]
    assert [(one.name, one.jobs) for one in aggregates(jobs)] == [("m=1", ("0", "2")), ("m=2", ("1",))]
    assert aggregates([]) == []
    assert best([]) is None


def test_the_best_on_validation_that_has_all_folds_is_chosen():
    jobs = [
        *(job(0, ["m=1"], FIRST, 1.0, 0.6), job(1, ["m=1"], SECOND, 1.0, 0.6)),
        *(job(2, ["m=2"], FIRST, 0.5, 0.7), job(3, ["m=2"], SECOND, 0.5, 0.6)),
        job(4, ["m=3"], FIRST, 1.0, 0.99),  # its other fold failed
    ]
    assert best(aggregates(jobs)).name == "m=2"


def test_a_metric_that_no_fold_has_is_none():
    (result,) = aggregates([job(0, [], FIRST, None)])
    assert result.mean is None


def test_without_trials_there_is_no_equal_error_rate():
    (result,) = aggregates([job(0, [], FIRST, None, section=("verification", "eer"))])
    assert result.pooled == Score(None)


def test_keys_are_scored_as_mirex_does():
    pieces = [
        ("p", "P", "C major", "C major"),  # 1
        ("q", "Q", "C major", "G major"),  # a fifth: 0.5
        ("r", "R", "C major", "A minor"),  # relative: 0.3
    ]
    keyed = replace(
        job(0, [], pieces, 0.6, section=("key", "weighted")), labels=("C major", "G major", "A minor")
    )
    (result,) = aggregates([keyed])
    assert result.headline.words == "MIREX key score"
    assert result.pooled.value == pytest.approx(1.8 / 3, abs=1e-6)


def test_trials_of_a_verification_are_pooled():
    def trials(*rows):
        return pd.DataFrame(rows, columns=["piece_id", "score", "genuine"])

    good = trials(("a1", 2.0, 1), ("a1", -2.0, 0), ("b1", -1.0, 0))
    bad = trials(("a2", -3.0, 1), ("a2", 3.0, 0), ("b2", 9.0, 0))
    section = ("verification", "eer")
    jobs = [
        job(0, [], FIRST, 0.0, section=section, trials=good),
        job(1, [], SECOND, 1.0, section=section, trials=bad),
    ]
    (result,) = aggregates(jobs)
    assert result.headline.lower_is_better
    assert result.mean == 0.5
    # Genuine 2 and -3; false -2, -1, 3, 9: half of each on the wrong side between -1 and 2.
    assert result.pooled.value == 0.5
