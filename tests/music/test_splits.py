"""All pieces of a work are in one split, and every fold is the test once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.foundation.errors import EarmarkError
from earmark.music.catalog import SPLITS
from earmark.music.splits import SPLIT_COLUMNS, SplitSettings, split_pieces


def table(works, calibration=0, test=0, fixed=None, movements=3):
    """Pieces of `works` = {label: number of works}; every third work has several movements."""
    rows = []
    for label, count in works.items():
        for work in range(count):
            rows += [
                (f"{label}-{work}-{part}", label, f"{label}/{work}", "known")
                for part in range(movements if work % 3 == 0 else 1)
            ]
    rows += [(f"c{number}", "", f"c{number}", "unknown-calibration") for number in range(calibration)]
    rows += [(f"t{number}", "Who", f"t{number}", "unknown-test") for number in range(test)]
    pieces = pd.DataFrame(rows, columns=["piece_id", "label", "group", "role"])
    pieces["path"], pieces["title"] = pieces.piece_id + ".mid", pieces.piece_id.str.title()
    pieces["split"] = [(fixed or {}).get(group, "") for group in pieces.group]
    return pieces


WORKS = {"Ash": 12, "Birch": 7, "Cedar": 5}


def split(pieces, folds=5, fold=0, seed=0):
    return split_pieces(pieces, SplitSettings(folds, fold, seed))


@settings(deadline=None, max_examples=15)
@given(
    works=st.dictionaries(st.sampled_from(["Ash", "Birch", "Cedar"]), st.integers(5, 12), min_size=2),
    folds=st.sampled_from([2, 3, 5]),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_work_straddles_every_label_is_trained_on_and_each_piece_is_tested_once(works, folds, seed):
    pieces = table(works, 2, 2)
    tested = []
    for fold in range(folds):
        splits = split(pieces, folds, fold, seed)
        known = splits[splits.role == "known"]
        assert (known.groupby("group").split.nunique() == 1).all()
        assert set(known[known.split == "train"].label) == set(works)
        assert set(known.split) == set(SPLITS)
        tested += list(known[known.split == "test"].piece_id)
    assert sorted(tested) == sorted(pieces[pieces.role == "known"].piece_id)


def test_labels_are_spread_evenly_over_the_folds():
    for fold in range(5):
        splits = split(table({"Ash": 10, "Birch": 10}, movements=1), 5, fold, seed=3)
        works = splits[splits.split == "test"].groupby("label").group.nunique()
        assert works.to_dict() == {"Ash": 2, "Birch": 2}


def test_the_next_fold_validates():
    pieces = table(WORKS)
    validated = split(pieces, 5, 0, seed=0).query("split == 'validation'").piece_id
    tested = split(pieces, 5, 1, seed=0).query("split == 'test'").piece_id
    assert set(validated) == set(tested)


def test_strangers_go_where_their_role_says():
    splits = split(table(WORKS, calibration=3, test=4), 5, 0, seed=0)
    places = splits[splits.role != "known"].groupby("role").split.agg(["nunique", "first", "size"])
    assert places.loc["unknown-calibration"].tolist() == [1, "validation", 3]
    assert places.loc["unknown-test"].tolist() == [1, "test", 4]


def test_the_table_has_a_row_for_every_piece_sorted():
    pieces = table(WORKS, 2, 2)
    splits = split(pieces, 5, 2, seed=1)
    assert list(splits.columns) == SPLIT_COLUMNS
    assert list(splits.piece_id) == sorted(pieces.piece_id)
    kept = splits.set_index("piece_id")[["path", "title", "label", "group", "role"]]
    pd.testing.assert_frame_equal(
        kept, pieces.set_index("piece_id")[["path", "title", "label", "group", "role"]].loc[kept.index]
    )


@pytest.mark.parametrize("folds", [2, 5])
def test_the_order_of_rows_does_not_matter(folds):
    pieces = table(WORKS, 2, 2)
    shuffled = pieces.sample(frac=1, random_state=np.random.RandomState(4))
    assert list(shuffled.piece_id) != list(pieces.piece_id)
    pd.testing.assert_frame_equal(split(pieces, folds, 1, 0), split(shuffled, folds, 1, 0))


def test_the_seed_alone_changes_the_split():
    first, again, other = (split(table(WORKS), 5, 0, seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert list(first.split) != list(other.split)


def test_fixed_splits_are_kept():
    fixed = {f"{label}/{work}": SPLITS[work % 3] for label in ("Ash", "Birch") for work in range(6)}
    splits = split(table({"Ash": 6, "Birch": 6}, fixed=fixed), 5, 0, seed=0)
    assert splits.set_index("group").split.to_dict() == fixed


def test_pieces_without_a_fixed_split_are_assigned_next_to_those_with_one():
    fixed = {"Ash/0": "test", "Birch/1": "train"}
    splits = split(table(WORKS, fixed=fixed), 5, 3, seed=0)
    assert set(splits[splits.group == "Ash/0"].split) == {"test"}
    assert set(splits[splits.group == "Birch/1"].split) == {"train"}
    assert (splits.groupby("group").split.nunique() == 1).all()


def test_the_input_is_not_changed():
    pieces = table(WORKS, 1, 1)
    before = pieces.copy()
    split(pieces, 5, 0, seed=0)
    pd.testing.assert_frame_equal(pieces, before)


def straddling():
    pieces = table({"Ash": 6, "Birch": 6})
    pieces.loc[pieces.piece_id == "Ash-0-0", "split"] = "train"
    pieces.loc[pieces.piece_id == "Ash-0-1", "split"] = "test"
    return pieces


def half_fixed():
    """One piece of a work is fixed, the others are assigned elsewhere."""
    pieces = table({"Ash": 6, "Birch": 6})
    assigned = split(pieces, 5, 0, seed=0).set_index("group").split.to_dict()
    other = "test" if assigned["Ash/0"] != "test" else "train"
    pieces.loc[pieces.piece_id == "Ash-0-0", "split"] = other
    pieces.loc[pieces.group != "Ash/0", "split"] = pieces.group.map(assigned)
    pieces.loc[pieces.piece_id == "Ash-0-2", "split"] = assigned["Ash/0"]
    return pieces


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        (table({"Ash": 6}), "1 known label"),
        (table({}, test=3), "0 known label"),
        (table({"Ash": 6, "Birch": 1}), "too few works of Birch (1)"),
        (table({"Ash": 2, "Birch": 1, "Cedar": 9}), "too few works of Ash (2), Birch (1)"),
        (straddling(), "the work Ash/0 lies in more than one split"),
        (half_fixed(), "the work Ash/0 lies in more than one split"),
        (
            table({"Ash": 3, "Birch": 6}, fixed={f"Ash/{work}": "test" for work in range(3)}),
            "nothing to train on for Ash",
        ),
        (
            table(
                {"Ash": 3, "Birch": 3},
                fixed={f"{label}/{work}": "train" for label in ("Ash", "Birch") for work in range(3)},
            ),
            "no piece is left for validation",
        ),
        (
            table(
                {"Ash": 3, "Birch": 3},
                fixed={
                    f"{label}/{work}": "train" if work else "validation"
                    for label in ("Ash", "Birch")
                    for work in range(3)
                },
            ),
            "no piece is left for test",
        ),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_cannot_be_split_is_one_line(pieces, reason):
    with pytest.raises(EarmarkError) as caught:
        split(pieces, 5, 0, seed=0)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_fold_without_works_is_one_line():
    with pytest.raises(EarmarkError, match=r"no piece is left for test: fewer split.folds"):
        split(table({"Ash": 3, "Birch": 3}), folds=20, fold=19, seed=0)
