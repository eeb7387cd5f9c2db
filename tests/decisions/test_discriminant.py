"""The discriminant: known labels apart, strangers and odd pieces unknown, and what is fitted on what."""

import numpy as np
import pytest

from earmark.decisions.discriminant import FittedDiscriminant, LinearDiscriminant
from earmark.decisions.labelled import joined
from earmark.decisions.rejection import UNKNOWN
from earmark.foundation.contracts import LabelledClips
from earmark.foundation.errors import EarmarkError

LABELS = ["Ash", "Birch", "Cedar"]
CENTRES = {"Ash": (4.0, 0.0), "Birch": (-4.0, 0.0), "Cedar": (0.0, 4.0)}
DIMENSIONS = 6


def piece(centre, rng, clips=5):
    mean = np.zeros(DIMENSIONS)
    mean[:2] = centre
    mean += rng.normal(0, 0.5, DIMENSIONS)  # pieces differ
    return (mean + rng.normal(0, 1, (clips, DIMENSIONS))).astype(np.float32)


def pieces(count, seed):
    rng = np.random.default_rng(seed)
    labels = [label for label in LABELS for _ in range(count)]
    works = [f"{seed} {number}" for number in range(len(labels))]
    return LabelledClips([piece(CENTRES[label], rng) for label in labels], labels, works)


def strangers(centre, count, seed):
    rng = np.random.default_rng(seed)
    return [piece(centre, rng) for _ in range(count)]


def decision(**settings):
    return LinearDiscriminant(**{"penalty_c": 0.1, "components": 4, "strictness": "balanced", **settings})


@pytest.fixture(scope="module")
def fitted():
    return decision().fit(LABELS, pieces(12, 1), pieces(8, 2), strangers((0, -4), 12, 3))


def test_new_pieces_get_their_labels(fitted):
    new = pieces(20, 4)
    predictions = [fitted.predict(clips) for clips in new.clips]
    assert np.mean([p.nearest == label for p, label in zip(predictions, new.labels, strict=True)]) > 0.95
    assert np.mean([p.label != UNKNOWN for p in predictions]) == pytest.approx(0.88, abs=0.12)
    first = predictions[0]
    assert first.probabilities.sum() == pytest.approx(1)
    assert first.distance == first.distances.min() == first.distances[LABELS.index(first.nearest)]


def test_strangers_like_those_of_the_calibration_are_unknown(fitted):
    assert np.mean([fitted.predict(c).label == UNKNOWN for c in strangers((0, -4), 20, 5)]) > 0.9


def test_strangers_of_another_kind_are_odd(fitted):
    """They lie in a direction in which known pieces hardly vary, on the side of a known label."""
    odd = [clips + np.array([0, 0, 0, 8, 0, 0], np.float32) for clips in pieces(5, 6).clips]
    assert np.mean([fitted.predict(clips).label == UNKNOWN for clips in odd]) > 0.9


def test_without_strangers_the_other_evidence_decides():
    fitted = decision().fit(LABELS, pieces(12, 1), pieces(8, 2), [])
    assert np.mean([fitted.predict(c).label != UNKNOWN for c in pieces(10, 7).clips]) > 0.7
    odd = [clips + np.array([0, 0, 0, 8, 0, 0], np.float32) for clips in pieces(5, 6).clips]
    assert np.mean([fitted.predict(clips).label == UNKNOWN for clips in odd]) > 0.9


def test_the_dial_opens(fitted):
    clips = pieces(30, 8).clips
    known = [
        [fitted.at(s).predict(c).label != UNKNOWN for c in clips] for s in ("strict", "balanced", "eager")
    ]
    strict, balanced, eager = np.array(known)
    assert strict.sum() < balanced.sum() < eager.sum()
    assert not (strict & ~balanced).any()
    assert not (balanced & ~eager).any()


def test_it_is_the_same_after_saving(fitted):
    again = FittedDiscriminant.restore(LABELS, fitted.arrays(), fitted.numbers())
    clips = pieces(1, 9).clips[0]
    assert again.threshold == fitted.threshold
    assert again.distances(clips) == pytest.approx(fitted.distances(clips))
    assert again.clip_probabilities(clips) == pytest.approx(fitted.clip_probabilities(clips))


def test_held_out_distances_are_by_fits_without_the_work():
    """A work whose label is wrong is far from it; had it been fitted, it would be nearer."""
    train, validation = pieces(6, 1), pieces(4, 2)
    wrong = LabelledClips(validation.clips, ["Birch", *validation.labels[1:]], validation.works)
    honest = decision().held_out(LABELS, train, validation)
    misled = decision().held_out(LABELS, train, wrong)
    # The first piece, an Ash, is called Birch: no fit has seen it, so it stays nearest to Ash.
    assert honest[0].argmin() == misled[0].argmin() == 0


def test_what_cannot_work_is_refused():
    with pytest.raises(ValueError, match="penalty_c"):
        decision(penalty_c=0.0)
    with pytest.raises(ValueError, match="strict, balanced, eager"):
        decision(strictness="lax")
    one = pieces(6, 1)
    kept = [row for row, label in enumerate(one.labels) if label != "Cedar"]
    two_labels = LabelledClips(*([part[row] for row in kept] for part in (one.clips, one.labels, one.works)))
    with pytest.raises(EarmarkError, match="Cedar"):
        decision().fit(LABELS, two_labels, pieces(4, 2), [])


def misplaced_renderings(of, seed):
    """A further rendering of each piece, where pieces of the next label lie."""
    rng = np.random.default_rng(seed)
    following = dict(zip(LABELS, [*LABELS[1:], LABELS[0]], strict=True))
    clips = [piece(CENTRES[following[label]], rng) for label in of.labels]
    return joined(of, LabelledClips(clips, of.labels, of.works, [True] * len(clips)))


def test_further_renderings_count_by_their_weight():
    train, validation, new = (pieces(8, seed) for seed in (1, 2, 3))
    train, validation = misplaced_renderings(train, 4), misplaced_renderings(validation, 5)
    strange = strangers((0, -4), 8, 6)

    def certainty(weight):
        found = decision(rendering_weight=weight).fit(LABELS, train, validation, strange).discriminant
        scores = np.stack([found.piece_scores(clips) for clips in new.clips])
        own = np.array([LABELS.index(label) for label in new.labels])
        return scores[np.arange(len(own)), own].mean()

    certainties = [certainty(weight) for weight in (1.0, 0.3, 0.01)]
    assert certainties == sorted(certainties)
    assert certainties[2] - certainties[0] > 0.3


@pytest.mark.parametrize("weight", [0.0, -0.1, 1.1, float("nan")])
def test_a_weight_that_is_none_is_refused(weight):
    with pytest.raises(ValueError, match="rendering_weight="):
        decision(rendering_weight=weight)
