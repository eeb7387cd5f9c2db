"""Pieces that are the same music."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.music.piece_checks.duplicates import resolve_duplicates


def pieces(*rows):
    """Pieces of (piece_id, label, group)."""
    table = pd.DataFrame(rows, columns=["piece_id", "label", "group"])
    return table.assign(path=table.piece_id + ".mid")


def marks(**marks):
    """Facts by piece: a score's mark, and a sound's that no other piece has."""
    return {piece: {"score": mark, "sound": f"sound of {piece}"} for piece, mark in marks.items()}


def groups(table):
    return dict(zip(table.piece_id, table.group, strict=True))


def test_without_duplicates_nothing_changes():
    table = pieces(("a", "Bach", "1"), ("b", "Byrd", "2"))
    kept, reasons = resolve_duplicates(table, marks(a="x", b="y"))
    assert reasons == {}
    pd.testing.assert_frame_equal(kept, table)


def test_duplicates_of_one_label_become_one_work_with_all_its_pieces():
    table = pieces(("a", "Bach", "1"), ("b", "Bach", "2"), ("c", "Bach", "2"), ("d", "Bach", "3"))
    kept, reasons = resolve_duplicates(table, marks(a="x", b="x", c="y", d="z"))
    assert reasons == {}
    assert groups(kept) == {"a": "1", "b": "1", "c": "1", "d": "3"}
    assert groups(table) == {"a": "1", "b": "2", "c": "2", "d": "3"}  # the input is as it was


def test_works_merge_through_a_chain_of_duplicates_in_any_order():
    rows = [
        ("a", "Bach", "4"),
        ("b", "Bach", "3"),
        ("c", "Bach", "3"),
        ("d", "Bach", "2"),
        ("e", "Bach", "2"),
        ("f", "Bach", "1"),
    ]
    facts = marks(a="x", b="x", c="y", d="y", e="z", f="z")
    for order in (rows, rows[::-1], rows[3:] + rows[:3]):
        kept, _ = resolve_duplicates(pieces(*order), facts)
        assert set(kept.group) == {"1"}


def test_equal_sound_is_a_duplicate_as_equal_notes_are():
    table = pieces(("a", "Bach", "1"), ("b", "Bach", "2"), ("c", "Bach", "3"))
    facts = {
        "a": {"sound": "s", "score": "x"},
        "b": {"sound": "s", "score": "y"},
        "c": {"sound": "t", "score": "y"},
    }
    kept, _ = resolve_duplicates(table, facts)
    assert set(kept.group) == {"1"}


def test_recordings_have_no_score_and_are_not_duplicates_for_that():
    kept, _ = resolve_duplicates(
        pieces(("a", "Bach", "1"), ("b", "Bach", "2")), {"a": {"sound": "s"}, "b": {"sound": "t"}}
    )
    assert set(kept.group) == {"1", "2"}


def test_duplicates_under_two_labels_are_all_quarantined():
    table = pieces(("a", "Bach", "1"), ("b", "Byrd", "2"), ("c", "Bach", "3"), ("d", "Bach", "4"))
    kept, reasons = resolve_duplicates(table, marks(a="x", b="x", c="x", d="y"))
    assert reasons == {
        "a": "the same music as b.mid of Byrd",
        "b": "the same music as a.mid of Bach",
        "c": "the same music as b.mid of Byrd",
    }
    assert kept.piece_id.tolist() == ["d"]


def test_works_that_share_refused_music_are_one():
    kept, reasons = resolve_duplicates(
        pieces(("a1", "A", "1"), ("a2", "A", "1"), ("b1", "B", "2"), ("b2", "B", "2")),
        marks(a1="x", a2="y", b1="x", b2="z"),
    )
    assert set(reasons) == {"a1", "b1"}
    assert groups(kept) == {"a2": "1", "b2": "1"}


def test_of_a_labelled_and_an_unlabelled_duplicate_only_the_unlabelled_goes():
    table = pieces(("a", "", "1"), ("b", "Byrd", "2"), ("c", "Byrd", "3"))
    kept, reasons = resolve_duplicates(table, marks(a="x", b="x", c="x"))
    assert reasons == {"a": "the same music as b.mid of Byrd"}
    assert groups(kept) == {"b": kept.group.iloc[0], "c": kept.group.iloc[0]}  # one work


def test_unlabelled_duplicates_stay_and_are_one_work():
    kept, reasons = resolve_duplicates(pieces(("a", "", "1"), ("b", "", "2")), marks(a="x", b="x"))
    assert reasons == {}
    assert groups(kept) == {"a": "1", "b": "1"}


def test_two_labels_and_none_are_all_quarantined():
    table = pieces(("a", "", "1"), ("b", "Byrd", "2"), ("c", "Bach", "3"))
    kept, reasons = resolve_duplicates(table, marks(a="x", b="x", c="x"))
    assert set(reasons) == {"a", "b", "c"}
    assert kept.empty


def merged_one_by_one(rows):
    """Group of each piece after merging, computed by repeated renaming: the smallest name spreads."""
    group_of = {piece: group for piece, group, _, _ in rows}
    while True:
        before = dict(group_of)
        for first, _, *marks in rows:
            for second, _, *others in rows:
                if group_of[first] == group_of[second] or any(
                    m == o for m, o in zip(marks, others, strict=True)
                ):
                    smallest = min(group_of[first], group_of[second])
                    for old in (group_of[first], group_of[second]):
                        group_of = {p: smallest if g == old else g for p, g in group_of.items()}
        if before == group_of:
            return group_of


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 5)), max_size=9))
def test_groups_merge_along_chains_to_the_smallest_name_whatever_the_order(triples):
    rows = [(f"p{i}", f"g{g}", f"score {s}", f"sound {w}") for i, (g, s, w) in enumerate(triples)]
    facts = {piece: {"score": score, "sound": sound} for piece, _, score, sound in rows}
    kept, reasons = resolve_duplicates(pieces(*((p, "Bach", g) for p, g, _, _ in rows)), facts)
    assert reasons == {}
    assert groups(kept) == merged_one_by_one(rows)
