"""What would be written for a verdict, and what is left alone."""

import pytest

from earmark.apps.tags.proposal import Proposal, Spelling, proposal, tag_values
from earmark.identify.verdict import Verdict

GENRES = {"reel": 0.2, "jig": 0.45, "polka": 0.1, "slide": 0.25}


def verdict(label, **more):
    return Verdict("a", label=label, nearest_label="jig", confidence=0.9, **more)


@pytest.mark.parametrize(
    ("kind", "label", "error", "values"),
    [
        ("genre", "jig", "", ["jig"]),
        ("key", "Db minor", "", ["C#m"]),
        ("composer", "久石譲", "", ["久石譲"]),
        ("bpm", "128", "", ["128"]),
        ("genre", "unknown", "", None),
        ("key", "unknown", "", None),
        ("genre", "", "silent", None),
    ],
)
def test_what_is_written_for_a_verdict(kind, label, error, values):
    assert tag_values(kind, Verdict("a", label=label, error=error), Spelling()) == values


@pytest.mark.parametrize(
    ("number", "values"), [(1, ["jig"]), (2, ["jig", "slide"]), (3, ["jig", "slide", "reel"])]
)
def test_further_genres_are_those_that_are_probable(number, values):
    said = verdict("jig", probabilities=GENRES)
    assert tag_values("genre", said, Spelling(genres=number)) == values
    assert tag_values("genre", said, Spelling(genres=9)) == ["jig", "slide", "reel"]  # polka is not
    assert tag_values("composer", said, Spelling(genres=9)) == ["jig"]


def test_only_what_changes_is_proposed():
    has = {"genre": ["polka"], "key": ["8A"]}
    verdicts = {"genre": verdict("jig"), "key": verdict("A minor"), "composer": verdict("unknown")}
    kinds = ["genre", "key", "composer", "bpm"]
    camelot = Spelling("camelot")
    expected = Proposal({"genre": ["jig"]}, {"genre": "polka → jig (0.90)"}, unknown=1)
    assert proposal(has, verdicts, kinds, camelot) == expected
    assert proposal({}, verdicts, kinds, camelot).new == {"genre": ["jig"], "key": ["8A"]}
    assert proposal(has, {"key": verdict("C major")}, kinds, camelot).said == {"key": "8A → 8B (0.90)"}
    assert proposal(has, {"genre": verdict("", error="silent")}, kinds, camelot) == Proposal()


def test_music_unlike_what_the_model_learned_from_is_marked():
    cut = "its end is not heard"
    verdicts = {
        "genre": verdict("jig", warning=f"{cut}; unlike the music: fuller", unheard=cut),
        "key": verdict("A minor", warning=cut, unheard=cut),
        "bpm": verdict("128", unheard=cut),
    }
    proposed = proposal({}, verdicts, list(verdicts), Spelling())
    assert proposed.unlike == ("genre",)
    assert proposed.said == {"genre": "jig (0.90, unlike)", "key": "Am (0.90)", "bpm": "128 (0.90)"}
