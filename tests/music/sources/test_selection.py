"""Which pieces are learned from, and why others are not."""

from pathlib import Path

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.labels import Merge
from earmark.music.sources.origin import Origin
from earmark.music.sources.selection import Selection


def piece(name, label="", **others):
    return Origin(name, label or name.partition("/")[0], name, file=Path(name), **others)


BACH = [piece(f"Bach/{number}.mid") for number in range(3)]
BYRD = [piece(f"Byrd/{number}.mid") for number in range(3)]


def test_what_a_source_knows_to_be_faulty_is_left_out_and_counts_for_no_work():
    pieces = [*BACH, piece("Byrd/a.mid", fault="is not a file but a pipe"), *BYRD[:2]]
    reasons = Selection(Merge({}), min_works=3).reasons(pieces)
    few = "its label has too few works: 2, and data.min_works=3"
    assert reasons == ["", "", "", "is not a file but a pipe", few, few]


def test_works_are_those_of_merged_labels_and_of_the_pattern():
    pieces = [*BACH, piece("Byrd/1a.mid"), piece("Byrd/1b.mid"), piece("Bull/2.mid"), piece("Bull/3.mid")]
    selection = Selection(Merge({"Byrd": "English", "Bull": "English"}), r"/(\d)", min_works=3)
    assert selection.reasons(pieces) == [""] * 7
    assert selection.label(pieces[-1]) == "English"
    assert Selection(Merge({}), r"/(\d)", min_works=2).reasons(pieces) == [""] * 3 + [
        *["its label has too few works: 1, and data.min_works=2"] * 2,
        *["", ""],
    ]


def test_strangers_need_no_works():
    pieces = [
        *BACH,
        piece("Who/a.mid", role="unknown-test"),
        piece("calibration.mid", role="unknown-calibration"),
    ]
    assert Selection(Merge({}), min_works=3).reasons(pieces) == [""] * 5


def test_what_is_not_sure_enough_is_no_work_either():
    pieces = [*BACH[:2], piece("Bach/x.mid", confidence=0.5)]
    reasons = Selection(Merge({}), min_confidence=0.5, min_works=3).reasons(pieces)
    assert reasons[2] == "its label's confidence is 0.5, not above data.min_confidence=0.5"
    assert reasons[0] == reasons[1] == "its label has too few works: 2, and data.min_works=3"


@pytest.mark.parametrize(("min_works", "stops"), [(0, True), (1, False), (2, False), (3, True), (9, True)])
def test_too_little_to_learn_from_stops_unless_it_was_allowed(min_works, stops):
    pieces = [*BACH, *BYRD[:2]]
    selection = Selection(Merge({}), min_works=min_works)
    reasons = selection.reasons(pieces)
    if stops:
        with pytest.raises(EarmarkError, match=r"too few works of Byrd|known label"):
            selection.check(pieces, reasons)
    else:
        selection.check(pieces, reasons)
    selection.check([*BACH, *BYRD], [""] * 6)
