"""Labels merged by settings, and names of pieces."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.labels import Merge, piece_id


def test_merging_puts_labels_under_one_and_leaves_the_others():
    merge = Merge.of({"classical": ["concerto", "sonata"], "dance": ["jig"]})
    assert [merge(label) for label in ("concerto", "sonata", "jig", "classical", "reel", "")] == [
        *("classical", "classical", "dance", "classical", "reel", "")
    ]
    assert merge.into == {"concerto": "classical", "sonata": "classical", "jig": "dance"}


def test_merging_goes_one_step():
    """A label that is both given and taken away: what was `b` becomes `a`, what was `c` becomes `b`."""
    merge = Merge.of({"a": ["b"], "b": ["c"]})
    assert [merge(label) for label in "abc"] == ["a", "a", "b"]


def test_nothing_is_merged_unless_asked():
    assert Merge.of({})("anything") == "anything"
    assert Merge.of({"a": []})("b") == "b"
    assert Merge.of({"a": ["b", "b"]})("b") == "a"
    assert Merge.of({1: ["b"]})("b") == "1"  # YAML reads a label like 1850 as a number


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"classical": "concerto"}, "data.merge.classical must be a list of labels"),
        ({"classical": None}, "data.merge.classical must be a list of labels"),
        ({"classical": {"concerto": 1}}, "data.merge.classical must be a list of labels"),
        ({"classical": ["concerto", 3]}, "data.merge.classical must be a list of labels"),
        ({"a": ["x"], "b": ["y", "x"]}, "data.merge: x goes into both a and b"),
        ({"unknown": ["x"]}, "data.merge: no label can be called unknown"),
    ],
)
def test_what_cannot_be_merged_is_one_line(setting, reason):
    with pytest.raises(EarmarkError, match=reason) as caught:
        Merge.of(setting)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("label", "title", "start"),
    [
        ("Bach", "Air, 2nd", "bach-air-2nd-"),
        ("久石譲", "夏", ""),
        ("a", "x" * 300, "a-" + "x" * 58 + "-"),
        ("..", "passwd", "passwd-"),
    ],
)
def test_a_piece_has_a_name_that_is_safe_as_a_file_name(label, title, start):
    name = piece_id(label, title, b"where it lies")
    assert re.fullmatch(re.escape(start) + "[0-9a-f]{8}", name)


def test_pieces_of_one_name_in_two_places_are_two():
    one, other, again = (
        piece_id("Bach", "a", path) for path in (b"Bach/1/a.mid", b"Bach/2/a.mid", b"Bach/1/a.mid")
    )
    assert one == again != other


@settings(deadline=None, max_examples=50)
@given(label=st.text(max_size=80), title=st.text(max_size=80), identity=st.binary(max_size=20))
def test_any_label_and_title_give_a_short_safe_name(label, title, identity):
    name = piece_id(label, title, identity)
    assert re.fullmatch(r"([a-z0-9]+-)*[0-9a-f]{8}", name)
    assert len(name) <= 69
