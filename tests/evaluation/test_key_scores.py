"""Key estimates by their relation to the truth, against mir_eval and against music theory."""

import warnings
from itertools import pairwise

import mir_eval.key
import pytest

from earmark.decisions.keys import KEYS
from earmark.evaluation.key_scores import FIFTHS, RELATIONS, KeyScores
from earmark.foundation.errors import EarmarkError

ORIGINAL = mir_eval.key.weighted_score
# Sharps (positive) and flats of the major keys, as engraved.
SIGNATURES = {
    **{"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "Gb": -6},
    **{"Db": -5, "Ab": -4, "Eb": -3, "Bb": -2, "F": -1},
}


def relation(truth, said):
    """By pitch class and mode, as MIREX has it since 2017: fifths count in both directions."""
    (tonic, mode), (other, other_mode) = (divmod(KEYS.index(key), 12)[::-1] for key in (truth, said))
    interval = (other - tonic) % 12
    if mode == other_mode:
        return {0: "exact", 7: "fifth", 5: "fifth"}.get(interval, "other")
    relative = 9 if mode == 0 else 3  # A minor of C major, C major of A minor
    return {0: "parallel", relative: "relative"}.get(interval, "other")


def weighted_score(key, estimate, allow_descending_fifths=False):
    """mir_eval's function as its next release has it: a switch, and a warning where it is off."""
    if not allow_descending_fifths:
        warnings.warn("descending fifths will count", FutureWarning, stacklevel=2)
    if allow_descending_fifths and relation(key, estimate) == "fifth":
        return 0.5
    return ORIGINAL(key, estimate)


@pytest.fixture
def measured(evaluation, values):
    """The metrics of pairs (truth, said)."""

    def of(*pairs, **settings):
        rows = [
            (f"p{index:03}", truth, "known", "test", (0.0,) * 24, {"nearest_label": said})
            for index, (truth, said) in enumerate(pairs)
        ]
        return KeyScores().measure(evaluation(KEYS, *rows, **settings))

    return of


@pytest.mark.parametrize("truth", KEYS)
def test_every_pair_of_keys_has_its_relation_and_mir_evals_score(measured, values, truth):
    scores = {name: score for score, name in RELATIONS.items()}
    for said in KEYS:
        found = values(measured((truth, said), resamples=0))
        expected = relation(truth, said)
        assert {name for name in RELATIONS.values() if found[name]} == {expected}
        assert found[expected] == 1
        assert found["weighted"] == scores[expected]


@pytest.mark.parametrize(
    "score",
    [weighted_score, lambda key, estimate: weighted_score(key, estimate, allow_descending_fifths=True)],
)
def test_both_fifths_count_with_either_release_of_mir_eval(measured, values, monkeypatch, score):
    monkeypatch.setattr("mir_eval.key.weighted_score", score)
    for estimate in ("G major", "F major"):
        assert values(measured(("C major", estimate)))["fifth"] == 1
        assert values(measured(("C major", estimate)))["weighted"] == 0.5


def test_shares_and_score_of_several(measured, values):
    pairs = [("C major", "C major"), ("C major", "G major"), ("C major", "A minor"), ("A minor", "A major"),
             ("D major", "Eb minor")]  # fmt: skip
    found = values(measured(*pairs))
    assert found == pytest.approx(
        {"weighted": (1 + 0.5 + 0.3 + 0.2) / 5, **dict.fromkeys(RELATIONS.values(), 1 / 5)}, abs=1e-6
    )


def test_of_no_piece_nothing_is_measured(measured, values):
    assert set(values(measured()).values()) == {None}


def test_a_label_that_is_no_key_is_one_line(evaluation, known):
    with pytest.raises(EarmarkError, match="evaluate=key is for labels like `Db major`") as caught:
        KeyScores().measure(evaluation(["jig", "reel"], known("a", "jig", 0.0, 1.0)))
    assert "\n" not in str(caught.value)


def test_the_circle_of_fifths_is_one():
    majors, minors = FIFTHS[::2], FIFTHS[1::2]
    assert sorted(FIFTHS) == sorted(KEYS)
    assert {key.split()[1] for key in majors} == {"major"}
    assert {key.split()[1] for key in minors} == {"minor"}
    for keys in (majors, minors):
        numbers = [KEYS.index(key) % 12 for key in keys]
        for number, following in zip(numbers, numbers[1:] + numbers[:1], strict=True):
            assert (following - number) % 12 == 7
    signatures = [SIGNATURES[key.split()[0]] for key in majors]
    assert [(after - before) % 12 for before, after in pairwise(signatures)] == [1] * 11


def test_a_major_and_its_relative_minor_lie_side_by_side():
    pairs = dict(zip(FIFTHS[::2], FIFTHS[1::2], strict=True))
    assert {name: pairs[f"{name} major"] for name in ("C", "G", "D", "F", "Bb", "Eb")} == {
        **{"C": "A minor", "G": "E minor", "D": "B minor", "F": "D minor", "Bb": "G minor", "Eb": "C minor"},
    }
    for major, minor in pairs.items():
        notes = [
            {(KEYS.index(key) + step) % 12 for step in steps}
            for key, steps in ((major, (0, 2, 4, 5, 7, 9, 11)), (minor, (0, 2, 3, 5, 7, 8, 10)))
        ]
        assert notes[0] == notes[1]


def test_the_picture_shows_the_keys_that_there_are(evaluation, known, tmp_path):
    KeyScores().draw(evaluation(["C major", "A minor"], known("a", "C major", 0.0, 1.0)), tmp_path)
    assert (tmp_path / "confusion_fifths.png").read_bytes()[:4] == b"\x89PNG"


def test_a_key_of_another_spelling_is_drawn_after_the_others(evaluation, known, tmp_path):
    labels = ["A minor", "C# major"]
    KeyScores().draw(evaluation(labels, known("a", "C# major", 0.0, 1.0)), tmp_path)
    assert (tmp_path / "confusion_fifths.png").is_file()
