"""From clips to a verdict: prototypes, temperature, threshold."""

import numpy as np
import pytest

from earmark.decision import UNKNOWN, FittedPrototypes, NearestPrototype, distances_to

LABELS = ["Ash", "Birch", "Cedar"]


def pieces(count, seed, spread=0.05, axes=(0, 1, 2), clips=4, dimensions=4):
    """`count` pieces around each axis: unit clip embeddings and their labels."""
    random = np.random.default_rng(seed)
    found, labels = [], []
    for axis in axes:
        for _ in range(count):
            centre = np.eye(dimensions)[axis]
            embeddings = centre + spread * random.standard_normal((clips, dimensions))
            found.append((embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)).astype(np.float32))
            labels.append(LABELS[axis] if axis < 3 else "")
    return found, labels


@pytest.fixture
def fit():
    def with_strangers(strangers=(), spread=0.05, **settings):
        train, validation = pieces(6, 0, spread), pieces(5, 1, spread)
        return NearestPrototype(**settings).fit(LABELS, *train, *validation, list(strangers))

    return with_strangers


def test_prototypes_are_unit_vectors_at_their_clusters(fit):
    fitted = fit()
    assert fitted.labels == LABELS
    assert fitted.prototypes.shape == (3, 4)
    assert np.linalg.norm(fitted.prototypes, axis=1) == pytest.approx([1, 1, 1], abs=1e-6)
    assert np.linalg.norm(fitted.prototypes - np.eye(4)[:3], axis=1).max() < 0.05


def test_a_prototype_is_the_mean_of_pieces_however_many_clips_they_have():
    long, short = np.tile([[1.0, 0.0]], (9, 1)), np.array([[0.0, 1.0]])
    other = -np.ones((1, 2))
    fitted = NearestPrototype().fit(
        ["A", "B"], [long, short, other], ["A", "A", "B"], [long, other], ["A", "B"], []
    )
    assert fitted.prototypes[0] == pytest.approx([0.5**0.5] * 2)


def test_separable_clusters_are_told_apart_and_strangers_are_unknown(fit):
    fitted = fit()
    fresh, labels = pieces(8, 2)
    assert [fitted.verdict(clips).nearest for clips in fresh] == labels
    strangers, _ = pieces(8, 3, axes=(3,))
    assert {fitted.verdict(clips).label for clips in strangers} == {UNKNOWN}


def test_a_verdict_states_distances_in_the_order_of_labels():
    fitted = FittedPrototypes(["A", "B"], np.array([[1.0, 0.0], [0.0, 1.0]]), temperature=0.5, threshold=1.0)
    verdict = fitted.verdict(np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    near, far = 2**0.5 / 3, 2 * 2**0.5 / 3
    assert verdict.distances == pytest.approx([far, near])
    assert (verdict.nearest, verdict.label) == ("B", "B")
    assert verdict.distance == pytest.approx(near)
    odds = np.exp((far - near) / 0.5)
    assert verdict.confidence == pytest.approx(odds / (1 + odds))


@pytest.mark.parametrize(("threshold", "label"), [(0.49, UNKNOWN), (0.5, "A"), (0.51, "A")])
def test_beyond_the_threshold_is_unknown_and_the_nearest_label_is_still_said(threshold, label):
    fitted = FittedPrototypes(["A", "B"], np.array([[1.0, 0.0], [0.0, 1.0]]), 0.1, threshold)
    verdict = fitted.verdict(np.array([[0.5, 0.0]]))
    assert (verdict.label, verdict.nearest, verdict.distance) == (label, "A", 0.5)


def test_confidence_is_the_share_of_the_nearest_among_all_labels():
    equal = FittedPrototypes(LABELS, np.eye(4)[:3], temperature=0.3, threshold=9.0)
    assert equal.verdict(np.zeros((2, 4))).confidence == pytest.approx(1 / 3)
    assert equal.verdict(np.eye(4)[[3]]).confidence == pytest.approx(1 / 3)
    # At a prototype the others are √2 away.
    assert equal.verdict(np.eye(4)[[1]]).confidence == pytest.approx(1 / (1 + 2 * np.exp(-(2**0.5) / 0.3)))


def test_distances_are_means_over_the_clips():
    random = np.random.default_rng(0)
    prototypes, clips = random.standard_normal((3, 4)), random.standard_normal((5, 4))
    expected = [np.mean([np.linalg.norm(clip - prototype) for clip in clips]) for prototype in prototypes]
    assert distances_to(prototypes, clips) == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_the_share_of_calibration_strangers_below_the_threshold_is_the_target(fit, share):
    strangers, _ = pieces(40, 4, spread=0.6, axes=(3,))
    fitted = fit(strangers, target_fpr=share)
    accepted = np.mean([fitted.verdict(clips).label != UNKNOWN for clips in strangers])
    assert accepted == pytest.approx(share, abs=1 / 40)


def test_a_laxer_target_never_lowers_the_threshold(fit):
    strangers, _ = pieces(15, 4, spread=0.6, axes=(3,))
    thresholds = [fit(strangers, target_fpr=share).threshold for share in np.linspace(0, 1, 11)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] < thresholds[-1]


def test_without_strangers_the_threshold_accepts_95_percent_of_validation(fit):
    fitted = fit(target_fpr=0.0)
    validation, _ = pieces(5, 1)
    accepted = np.mean([fitted.verdict(clips).label != UNKNOWN for clips in validation])
    assert accepted == pytest.approx(0.95, abs=1 / 15)
    assert accepted < 1


def test_the_temperature_makes_confidence_match_accuracy():
    # Two labels on a line; validation pieces lie between them, a quarter on the wrong side.
    train = [np.array([[1.0, 0.0]]), np.array([[-1.0, 0.0]])]
    validation = [np.array([[0.2, 0.0]])] * 30 + [np.array([[-0.2, 0.0]])] * 10
    fitted = NearestPrototype().fit(["A", "B"], train, ["A", "B"], validation, ["A"] * 40, [])
    assert fitted.verdict(np.array([[0.2, 0.0]])).confidence == pytest.approx(0.75, abs=0.02)


def test_the_clearer_the_validation_the_lower_the_temperature(fit):
    assert fit(spread=0.05).temperature < fit(spread=0.9).temperature
