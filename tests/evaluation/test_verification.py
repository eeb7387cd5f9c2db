"""Every piece against every claim: trials, error rates and thresholds by hand."""

import numpy as np
import pandas as pd
import pytest

from earmark.evaluation.verification import Verification, equal_error_rate, threshold_at, trials_of

AUTHORS = ["Ash", "Birch", "Cedar"]


def eer(genuine, impostors, weights=None):
    score = np.array([*genuine, *impostors], float)
    truth = np.arange(len(score)) < len(genuine)
    return equal_error_rate(
        score, truth, np.ones(len(score)) if weights is None else np.array(weights, float)
    )


def test_a_trial_is_a_piece_and_a_claim(evaluation, known, stranger):
    found = evaluation(AUTHORS, known("a", "Birch", 3.0, 1.0, 5.0), stranger("s", 2.0, 2.0, 9.0, label="Who"))
    trials = trials_of(found, found.verdicts)
    # By how much nearer the claimed label is than the nearest other one.
    assert trials.score.tolist() == [1 - 3, 3 - 1, 1 - 5, 2 - 2, 2 - 2, 2 - 9]
    assert trials.genuine.tolist() == [False, True, False, False, False, False]
    assert trials.row.tolist() == [0, 0, 0, 1, 1, 1]


def test_of_no_piece_there_are_no_trials(evaluation, known):
    found = evaluation(AUTHORS, known("a", "Ash", 0.0, 1.0, 2.0))
    trials = trials_of(found, found.known("train"))
    assert (len(trials.score), trials.genuine.dtype, trials.row.dtype) == (0, bool, np.int64)


def test_separable_scores_have_no_error():
    assert eer([3, 4, 5], [0, 1, 2]) == 0


def test_identical_scores_are_wrong_half_of_the_time():
    assert eer([1, 1, 1], [1, 1]) == pytest.approx(0.5)


def test_inverted_scores_are_always_wrong():
    assert eer([0, 1], [2, 3]) == pytest.approx(1.0)


def test_a_worked_example():
    # At 3.5 one of four impostors (4) passes and one of four genuine (3) does not.
    assert eer([3, 5, 6, 7], [0, 1, 2, 4]) == pytest.approx(1 / 4)
    # From 4 on: 1 of 4 impostors passes, 1 of 2 genuine fails; from the tie at 3 on: 2 and none. Equal
    # at 1/3 on the line from (1/4, 1/2) to (1/2, 0).
    assert eer([3, 9], [0, 1, 3, 4]) == pytest.approx(1 / 3)


def test_weights_are_numbers_of_pieces():
    whole = eer([3, 3, 5, 6], [0, 4, 4, 4])
    assert eer([3, 5, 6], [0, 4], weights=[2, 1, 1, 1, 3]) == pytest.approx(whole)
    # Of weight 0 is as if it were not there.
    assert eer([-9, 3, 5, 6], [0, 2], weights=[0, 1, 1, 1, 1, 1]) == 0


@pytest.mark.parametrize(("genuine", "impostors"), [([1, 2], []), ([], [1, 2])])
def test_without_either_kind_there_is_no_rate(genuine, impostors):
    assert np.isnan(eer(genuine, impostors))
    assert np.isnan(eer([1], [2], weights=[1, 0]))


@pytest.mark.parametrize("seed", range(5))
def test_the_rate_lies_where_the_two_errors_cross(seed):
    random = np.random.default_rng(seed)
    genuine, impostors = random.normal(1, 1, 200).round(1), random.normal(0, 1, 300).round(1)
    rate = eer(genuine, impostors)
    errors = [((impostors >= at).mean(), (genuine < at).mean()) for at in np.arange(-5, 6, 0.1)]
    below = max(min(accepts, rejects) for accepts, rejects in errors)
    above = min(max(accepts, rejects) for accepts, rejects in errors)
    assert below - 1e-9 <= rate <= above + 1e-9


@pytest.mark.parametrize(
    "impostors", [np.arange(20.0), np.repeat([1.0, 2.0], 10), np.ones(20), np.r_[np.zeros(19), 5.0]]
)
@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1, 0.3, 0.5, 0.99])
def test_the_threshold_keeps_its_promise_even_where_scores_are_tied(impostors, rate):
    score = np.concatenate([impostors, [3.0, 30.0]])
    genuine = np.r_[np.zeros(20, bool), True, True]
    threshold = threshold_at(score, genuine, rate)
    assert (impostors >= threshold).mean() <= rate
    # It is the lowest such score: accepting the next lower one would be too much.
    assert (impostors >= impostors[impostors < threshold].max()).mean() > rate


def test_without_impostors_there_is_no_threshold():
    assert np.isnan(threshold_at(np.array([1.0]), np.array([True]), 0.1))


def test_known_values(evaluation, known, stranger, values):
    """Two authors, so that a claim's score is the difference of two distances."""
    validation = [
        known(f"v{index}", "Ash", 0.0, score, split="validation") for index, score in enumerate([1.5, -2.0])
    ]  # false claims of -1.5 and 2, of which one may pass: those above -1.5 do
    found = evaluation(
        AUTHORS[:2],
        *validation,
        known("a", "Ash", 0.0, 3.0),  # 3 true, -3 false
        known("b", "Birch", 1.0, 0.0),  # 1 true, -1 false
        known("c", "Birch", 0.0, 5.0),  # -5 true, 5 false
        stranger("s", 0.0, 2.0),  # 2 and -2, both false
    )
    assert values(Verification(0.5).measure(found)) == pytest.approx(
        # True 3, 1, -5 against false 5, 2, -1, -2, -3: 3 beats 4, 1 beats 3, -5 none. Two of five false
        # claims lie above 1, of the true ones two thirds above it and one at it: 2/5 is between.
        # Claims of Ash alone: true 3 against false 5, 2, -1.
        {
            **{"auroc": 7 / 15, "eer": 2 / 5, "false_accepts": 3 / 5, "false_rejects": 1 / 3},
            "piece_auroc": 2 / 3,
        },
        abs=1e-6,
    )


def test_a_third_author_and_strangers_are_impostors_under_every_claim(evaluation, known, stranger, values):
    found = evaluation(
        AUTHORS,
        *(known(f"v{i}", name, *(1.0 - np.eye(3)[i]), split="validation") for i, name in enumerate(AUTHORS)),
        *(known(f"t{i}", name, *(1.0 - np.eye(3)[i])) for i, name in enumerate(AUTHORS)),
        stranger("s1", 5.0, 5.0, 5.0, label="Dogwood"),  # as near to all: no claim is better than another
        stranger("s2", 7.0, 7.5, 9.0),
        stranger("c1", 0.0, 9.0, 9.0, role="unknown-calibration"),  # no test piece
    )
    measured = Verification(0.1).measure(found)
    assert values(measured) == {
        "auroc": 1,
        "eer": 0,
        # The threshold lies just above -1, where all false claims of the validation stand. Of twelve false
        # claims in the test the six about known pieces are at -1, s1 has three at 0, s2 0.5, -0.5 and -2.
        "false_accepts": pytest.approx(5 / 12, abs=1e-6),
        "false_rejects": 0,
    }
    assert all(set(metric) == {"value", "low", "high"} for metric in measured.values())
    trials = trials_of(found, found.unknown("unknown-test"))
    assert len(trials.score) == 6
    assert not trials.genuine.any()


def test_pieces_of_one_author_only_still_make_false_claims(evaluation, known, values):
    rows = [known(f"t{index}", "Ash", 0.0, 1.0 + index, 2.0) for index in range(3)]
    rows += [known("v", "Ash", 0.0, 1.0, 2.0, split="validation")]
    found = values(Verification(0.4).measure(evaluation(AUTHORS, *rows)))
    assert found == {"auroc": 1, "eer": 0, "false_accepts": 0, "false_rejects": 0}


def test_where_a_kind_of_trial_or_all_is_missing_nothing_is_measured(evaluation, known, stranger, values):
    nothing = dict.fromkeys(("auroc", "eer", "false_accepts", "false_rejects"))
    assert values(Verification(0.1).measure(evaluation(AUTHORS, stranger("s", 1.0, 2.0, 3.0)))) == nothing
    train = known("t", "Ash", 0.0, 1.0, 2.0, split="train")
    assert values(Verification(0.1).measure(evaluation(AUTHORS, train))) == nothing


def test_without_validation_there_are_no_errors_at_a_threshold(evaluation, known, values):
    found = values(Verification(0.1).measure(evaluation(AUTHORS, known("a", "Ash", 0.0, 1.0, 2.0))))
    assert (found["auroc"], found["eer"]) == (1, 0)
    assert found["false_accepts"] is None
    assert found["false_rejects"] is None


def test_the_picture_and_its_table(evaluation, known, tmp_path):
    rows = [known("a", "Ash", 0.0, 1.0, 2.0), known("b", "Birch", 0.0, 1.0, 2.0)]
    Verification(0.1).draw(evaluation(AUTHORS, *rows), tmp_path)
    table = pd.read_csv(tmp_path / "roc.csv")
    assert list(table.columns) == ["false_accept_rate", "true_accept_rate"]
    for column in table.columns:
        assert (table[column].iloc[0], table[column].iloc[-1]) == (0, 1)
        assert table[column].is_monotonic_increasing
    assert (tmp_path / "roc.png").read_bytes()[:4] == b"\x89PNG"


def test_where_there_is_no_curve_nothing_is_drawn(evaluation, known, stranger, tmp_path):
    Verification(0.1).draw(evaluation(AUTHORS, stranger("s", 1.0, 2.0, 3.0)), tmp_path)
    Verification(0.1).draw(evaluation(AUTHORS, known("t", "Ash", 0.0, 1.0, 2.0, split="train")), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1.5])
def test_a_rate_that_cannot_work_is_named(rate):
    with pytest.raises(ValueError, match=f"false_accept_rate={rate:g} must lie between 0 and 1"):
        Verification(rate)
