"""What may follow the path of a score, and how it says what it does not know."""

import pytest

from earmark.foundation.errors import PieceError
from earmark.music.sources.fragment import Fragment, split_fragment


@pytest.mark.parametrize(
    ("name", "path", "wanted"),
    [
        ("bach/bwv66.6.mxl", "bach/bwv66.6.mxl", Fragment()),
        ("a.abc#tune=12", "a.abc", Fragment(tune=12)),
        ("a.abc#tune=0490", "a.abc", Fragment(tune=490)),
        ("a.mxl#transpose=-11", "a.mxl", Fragment(transpose=-11)),
        ("a.mxl#transpose=11", "a.mxl", Fragment(transpose=11)),
        ("a.mxl#player=anna", "a.mxl", Fragment(player="anna")),
        ("a.abc#tune=3&transpose=2&player=bert", "a.abc", Fragment(3, 2, "bert")),
        ("a.abc#player=bert&transpose=2&tune=3", "a.abc", Fragment(3, 2, "bert")),
    ],
)
def test_a_name_is_a_path_and_what_is_wanted_of_it(name, path, wanted):
    assert split_fragment(name) == (path, wanted)


@pytest.mark.parametrize(
    ("fragment", "reason"),
    [
        ("", "'' is none of tune, transpose, player"),
        ("tempo=2", "'tempo' is none of tune, transpose, player"),
        ("Tune=2", "'Tune' is none of"),
        ("tune=1&", "'' is none of"),
        ("tune=1&tune=2", "states tune twice"),
        ("tune", "tune '' is no whole number of 0 or more"),
        ("tune=-1", "tune '-1' is no whole number of 0 or more"),
        ("tune=1_0", "tune '1_0' is no whole number"),
        ("tune=٣", "is no whole number"),
        ("tune=1#tune=2", "tune '1#tune=2' is no whole number"),
        ("transpose=12", "transpose '12' is no whole number from -11 to 11"),
        ("transpose=-12", "transpose '-12' is no whole number from -11 to 11"),
        ("transpose=1.5", "transpose '1.5' is no whole number from -11 to 11"),
        ("transpose=", "transpose '' is no whole number"),
        ("player=", "player '' is none of anna, bert, clara"),
        ("player=Anna", "player 'Anna' is none of anna, bert, clara"),
    ],
)
def test_what_is_not_known_is_refused_in_one_line(fragment, reason):
    with pytest.raises(PieceError) as caught:
        split_fragment(f"a.abc#{fragment}")
    assert reason in str(caught.value)
    assert "a.abc#" in str(caught.value)
    assert "\n" not in str(caught.value)
