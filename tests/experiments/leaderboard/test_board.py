"""Which runs are a row, what order they come in, and the notes on them."""

import pandas as pd
import pytest

from earmark.evaluation.metric_table import BALANCED_ACCURACY, FoldResult, metric_named
from earmark.experiments.leaderboard.board import board, evaluated, short, systems
from earmark.experiments.runs import Run

HEADLINE = BALANCED_ACCURACY.name
LABELS = ["Ash", "Birch"]


def run(run_id, validation=0.5, score=0.5, fold=None, params=(), tags=(), **fields):
    params = {"model.embedding": "64", **dict(params)} | ({} if fold is None else {"split.fold": str(fold)})
    metrics = {
        "train.score": validation,
        "train.duration_s": 10.0,
        "train.parameters": 1000.0,
        f"{HEADLINE}.value": score,
        f"{HEADLINE}.low": score - 0.1,
        f"{HEADLINE}.high": score + 0.1,
    }
    tags = {"earmark.monitored": "validation/retrieval", "earmark.data": f"d-{fold}", **dict(tags)}
    fields = {"name": run_id, "experiment": "composer", "status": "FINISHED", "start": 0, **fields}
    return Run(run_id=run_id, params=params, metrics=metrics, tags=tags, **fields)


def table(right, prefix="p"):
    """Verdicts on a piece for each letter of `right`: + or -; each is a work of its own."""
    rows = [
        (f"{prefix}{index}", LABELS[index % 2], LABELS[(index + (sign == "-")) % 2], f"{prefix}{index}")
        for index, sign in enumerate(right)
    ]
    verdicts = pd.DataFrame(rows, columns=["piece_id", "label", "nearest_label", "group"])
    return verdicts.assign(role="known", split="test")


def verdicts_by_id(**tables):
    """What the evaluations of runs with these ids wrote."""

    def result(run):
        table = tables.get(run.run_id)
        return None if table is None else FoldResult(run.params.get("split.fold", "?"), table)

    return result


def names(ranking):
    return [row.name for row in ranking.rows]


def test_runs_without_anything_to_compare_are_counted():
    unevaluated = run("unevaluated")
    unevaluated.metrics.clear()
    runs = [
        *(run("good"), unevaluated, run("failed", status="FAILED"), run("killed", status="KILLED")),
        *(
            run("running", status="RUNNING"),
            run("parent"),
            run("child", tags={"mlflow.parentRunId": "parent"}),
        ),
    ]
    kept, left = evaluated(runs)
    assert [item.run_id for item in kept] == ["good", "child"]
    assert left == "1 without an evaluation, 2 failed, 1 not finished"


def test_folds_of_one_system_are_one_row():
    runs = [run(f"f{fold}", fold=fold, name=f"trainer.seed=1, split.fold={fold}") for fold in (2, 0, 1)]
    rows, repeats = systems([*runs, run("other", fold=0, params={"model.embedding": "8"})])
    assert [[item.run_id for item in row.runs] for row in rows] == [["f0", "f1", "f2"], ["other"]]
    assert (rows[0].name, rows[0].folds, repeats) == ("trainer.seed=1", ["0", "1", "2"], 0)
    assert rows[1].name == "other"


def test_rows_are_called_by_the_overrides_that_they_do_not_share():
    runs = [
        run("a", params={"x": "1"}, tags={"earmark.overrides": '["a=b", "x=1", "split.fold=2"]'}),
        run("default", params={"x": "2"}, tags={"earmark.overrides": '["a=b", "y=b", "x=2"]'}),
        run("c", params={"x": "3"}, tags={"earmark.overrides": '["a=b"]'}),
    ]
    assert [row.name for row in systems(runs)[0]] == ["x=1", "y=b, x=2", "default"]
    assert [row.name for row in systems(runs[:1])[0]] == ["a=b, x=1"]


def test_long_numbers_of_a_search_are_cut_for_the_eye():
    assert short("lr=0.00312345678901, margin=0.5") == "lr=0.003123, margin=0.5"
    assert short("lr=1.2345678e-05") == "lr=1.235e-05"


def test_of_repeated_runs_the_newest_counts():
    rows, repeats = systems([run("new", params={"store.path": "a"}), run("old", params={"store.path": "b"})])
    assert [row.runs[0].run_id for row in rows] == ["new"]
    assert repeats == 1


def test_runs_on_other_data_are_no_repeats():
    rows, repeats = systems([run("new"), run("old", tags={"earmark.data": "e-0"})])
    assert (len(rows), repeats) == (2, 0)


def test_the_order_is_by_validation_unless_the_test_is_asked_for():
    runs = [
        run("a", validation=0.9, score=0.6, params={"x": "1"}),
        run("b", validation=0.7, score=0.8, params={"x": "2"}),
        run("c", validation=0.8, score=0.7, params={"x": "3"}),
    ]
    for order, expected in (("validation", ["a", "c", "b"]), ("test", ["b", "c", "a"])):
        ranking = board(runs, lambda _: None, BALANCED_ACCURACY, order, 10)
        assert names(ranking) == expected
        assert any("chosen by the test" in note for note in ranking.notes) == (order == "test")
    ranking = board(runs, lambda _: None, BALANCED_ACCURACY, "validation", 2)
    assert (names(ranking), ranking.more) == (["a", "c"], 1)


def test_errors_are_sorted_the_other_way_and_nothing_comes_last():
    runs = [run("a", params={"x": "1"}), run("b", params={"x": "2"}), run("c", params={"x": "3"})]
    runs[0].metrics["verification.eer.value"] = 0.3
    runs[1].metrics["verification.eer.value"] = 0.1
    assert names(board(runs, lambda _: None, metric_named("verification.eer"), "test", 10)) == ["b", "a", "c"]


def test_pooled_folds_are_scored_by_their_verdicts():
    runs = [run("f0", 0.6, fold=0), run("f1", 0.8, fold=1)]
    tables = verdicts_by_id(f0=table("++--", "p"), f1=table("++++", "q"))
    (row,) = board(runs, tables, BALANCED_ACCURACY, "validation", 10).rows
    assert row.score.value == 0.75
    assert row.score.low < 0.75 < row.score.high
    assert (row.validation, row.duration_s, row.parameters) == (pytest.approx(0.7), 10.0, 1000.0)


def test_pooled_folds_whose_metric_verdicts_do_not_give_are_a_mean_without_interval():
    runs = [run("f0", fold=0), run("f1", fold=1)]
    for item, value in zip(runs, (0.5, 0.7), strict=True):
        item.metrics["selective.aurc.value"] = value
    tables = verdicts_by_id(f0=table("+-"), f1=table("+-"))
    (row,) = board(runs, tables, metric_named("selective.aurc"), "validation", 10).rows
    assert (row.score.value, row.score.low) == (pytest.approx(0.6), None)


def test_a_single_run_without_verdicts_has_the_score_that_it_logged():
    (row,) = board([run("a", score=0.5)], lambda _: None, BALANCED_ACCURACY, "validation", 10).rows
    assert (row.score.value, row.score.low, row.score.high) == (0.5, 0.4, 0.6)
    assert row.p is None


def test_intervals_are_made_by_the_runs_own_resamples_and_seed():
    tables = verdicts_by_id(a=table("+--+-+++" * 2))
    made = [
        board([run("a", params=params)], tables, BALANCED_ACCURACY, "validation", 1).rows[0].score
        for params in (
            {"evaluate.resamples": "50", "evaluate.seed": "0"},
            {"evaluate.resamples": "50", "evaluate.seed": "1"},
            {"evaluate.resamples": "0", "evaluate.seed": "0"},
        )
    ]
    assert len({score.value for score in made}) == 1
    assert (made[0].low, made[0].high) != (made[1].low, made[1].high)
    assert (made[2].low, made[2].high) == (None, None)


def test_each_row_is_tested_against_the_first_on_the_same_pieces():
    runs = [
        run("best", 0.9, params={"x": "1"}),
        run("worse", 0.8, params={"x": "2"}),
        run("same", 0.7, params={"x": "3"}),
        run("elsewhere", 0.6, params={"x": "4"}),
        run("unknown", 0.5, params={"x": "5"}),
    ]
    tables = verdicts_by_id(
        best=table("+" * 10), worse=table("-" * 8 + "++"), same=table("+" * 10), elsewhere=table("++++", "q")
    )
    ranking = board(runs, tables, BALANCED_ACCURACY, "validation", 10)
    # 8 works differ, all one way: 2 of 256 patterns; Holm: times 2 comparisons.
    assert [row.p for row in ranking.rows] == [None, pytest.approx(2 * 2 / 256), 1.0, None, None]
    assert "no test for 4: their test pieces are others than those of the best" in ranking.notes
    assert "no test for 5: the metric cannot be computed from their verdicts" in ranking.notes


def test_other_folds_are_other_test_pieces():
    runs = [run("a", 0.9, fold=0, params={"x": "1"}), run("b", 0.8, fold=1, params={"x": "2"})]
    ranking = board(runs, verdicts_by_id(a=table("++"), b=table("++")), BALANCED_ACCURACY, "validation", 10)
    assert ranking.rows[1].p is None
    assert "no test for 2" in ranking.notes[0]


def test_validation_scores_of_two_kinds_are_noted():
    runs = [
        run("a", 0.9, params={"x": "1"}, tags={"earmark.monitored": "validation/balanced_accuracy"}),
        run("b", 0.8, params={"x": "2"}),
    ]
    ranking = board(runs, lambda _: None, BALANCED_ACCURACY, "validation", 9)
    (note,) = [item for item in ranking.notes if "kinds" in item]
    assert note.endswith("cannot be compared: balanced accuracy in training of 1; retrieval in training of 2")


def test_the_evaluations_validation_score_comes_before_what_training_watched():
    runs = [run("a", 0.9, fold=0), run("b", 0.9, fold=1), run("c", 0.6, params={"x": "2"})]
    for item, value in zip(runs, (0.4, 0.6, 0.7), strict=True):
        item.metrics["validation.balanced_accuracy.value"] = value
    ranking = board(runs, lambda _: None, BALANCED_ACCURACY, "validation", 9)
    assert [row.validation for row in ranking.rows] == [0.7, 0.5]
    assert not any("kinds" in note for note in ranking.notes)
    ranking = board(
        [*runs, run("d", 0.99, params={"x": "3"})], lambda _: None, BALANCED_ACCURACY, "validation", 9
    )
    assert [row.validation for row in ranking.rows] == [0.7, 0.5, 0.99]  # of another kind


def test_folds_of_two_commits_are_noted():
    runs = [run("a", fold=0, tags={"mlflow.source.git.commit": "1"}), run("b", fold=1)]
    assert (
        "folds of different git commits are pooled in 1"
        in board(runs, lambda _: None, BALANCED_ACCURACY, "test", 9).notes
    )
