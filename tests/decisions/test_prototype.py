"""The nearest prototype: prototypes, metric, temperature, threshold, and distances held out by work."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.decisions.labelled import rows_of
from earmark.decisions.prototype import FOLDS, FittedPrototypes, NearestPrototype
from earmark.decisions.rejection import UNKNOWN, Rejection
from earmark.foundation.contracts import LabelledClips
from earmark.foundation.errors import EarmarkError

METRICS = ("euclidean", "mahalanobis")
LABELS = ["Ash", "Birch", "Cedar"]


def pieces(count, seed, spread=0.05, axes=(0, 1, 2), clips=4, dimensions=4, radius=1.0):
    """`count` pieces around each axis, each a work of its own: clip embeddings of length `radius`."""
    random = np.random.default_rng(seed)
    embeddings, labels = [], []
    for axis in axes:
        for _ in range(count):
            centre = np.eye(dimensions)[axis]
            piece = centre + spread * random.standard_normal((clips, dimensions))
            piece *= radius / np.linalg.norm(piece, axis=1, keepdims=True)
            embeddings.append(piece.astype(np.float32))
            labels.append(LABELS[axis] if axis < 3 else "")
    return LabelledClips(embeddings, labels, [f"work {number:03}" for number in range(len(labels))])


@pytest.fixture(params=METRICS)
def fit(request):
    def with_strangers(strangers=(), spread=0.05, radius=1.0, target_fpr=0.2):
        train, validation = (pieces(6 - seed, seed, spread, radius=radius) for seed in (0, 1))
        decision = NearestPrototype(metric=request.param, target_fpr=target_fpr)
        return decision.fit(LABELS, train, validation, list(strangers))

    return with_strangers


def fitted_at(prototypes, temperature=0.5, threshold=9.0, whitening=None):
    prototypes = np.asarray(prototypes, float)
    return FittedPrototypes(
        labels=LABELS[: len(prototypes)],
        prototypes=prototypes,
        whitening=np.eye(prototypes.shape[1]) if whitening is None else np.asarray(whitening, float),
        temperature=temperature,
        rejection=Rejection(threshold),
    )


@pytest.mark.parametrize("radius", [0.1, 1.0, 30.0])
def test_prototypes_lie_in_the_middle_of_their_clusters(fit, radius):
    """Whatever the length of embeddings: not every encoder scales them to 1."""
    fitted = fit(radius=radius)
    assert fitted.labels == LABELS
    assert fitted.prototypes.shape == (3, 4)
    assert np.linalg.norm(fitted.prototypes - radius * np.eye(4)[:3], axis=1).max() < 0.05 * radius


@pytest.mark.parametrize("radius", [0.1, 1.0, 30.0])
def test_clusters_are_told_apart_and_strangers_between_and_beside_them_are_unknown(fit, radius):
    fitted = fit(radius=radius)
    fresh = pieces(8, 2, radius=radius)
    predictions = [fitted.predict(clips) for clips in fresh.clips]
    assert [prediction.nearest for prediction in predictions] == fresh.labels
    farthest = max(prediction.distance for prediction in predictions)
    beside = pieces(8, 3, axes=(3,), radius=radius)
    for clips in [np.full((4, 4), radius / 4), np.zeros((4, 4)), *beside.clips]:
        assert fitted.predict(clips).distance > 2 * farthest
        assert fitted.predict(clips).label == UNKNOWN


@pytest.mark.parametrize("metric", METRICS)
def test_a_prototype_is_the_mean_of_pieces_however_many_clips_they_have(labelled, metric):
    long, short = np.tile([[1.0, 0.0]], (9, 1)), np.array([[0.0, 1.0]])
    other = -np.ones((1, 2))
    train, validation = labelled([long, short, other], "AAB"), labelled([long, other], "AB")
    fitted = NearestPrototype(metric, 0.2).fit(["A", "B"], train, validation, [])
    assert fitted.prototypes.tolist() == [[0.5, 0.5], [-1, -1]]


def test_a_prediction_states_distances_in_the_order_of_labels():
    fitted = fitted_at([[1, 0], [0, 1]], temperature=0.5)
    prediction = fitted.predict(np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    near, far = 2**0.5 / 3, 2 * 2**0.5 / 3
    assert prediction.distances == pytest.approx([far, near])
    assert (prediction.nearest, prediction.label) == ("Birch", "Birch")
    assert prediction.distance == pytest.approx(near)
    odds = np.exp((far - near) / 0.5)
    assert prediction.confidence == pytest.approx(odds / (1 + odds))


@pytest.mark.parametrize(("threshold", "label"), [(0.49, UNKNOWN), (0.5, "Ash"), (0.51, "Ash")])
def test_beyond_the_threshold_is_unknown_and_the_nearest_label_is_still_given(threshold, label):
    prediction = fitted_at([[1, 0], [0, 1]], threshold=threshold).predict(np.array([[0.5, 0.0]]))
    assert (prediction.label, prediction.nearest, prediction.distance) == (label, "Ash", 0.5)


@pytest.mark.parametrize(
    ("rejection", "label"),
    [
        (Rejection(), "Birch"),
        (Rejection(min_share=0.6), "Birch"),
        (Rejection(min_share=0.7), UNKNOWN),
        (Rejection(min_confidence=0.99), UNKNOWN),
        (Rejection(threshold=0.1), UNKNOWN),
    ],
)
def test_too_few_clips_or_too_little_confidence_is_unknown_too(rejection, label):
    fitted = replace(fitted_at([[1, 0], [0, 1]], temperature=0.5), rejection=rejection)
    prediction = fitted.predict(np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    assert (prediction.label, prediction.nearest) == (label, "Birch")
    assert prediction.share == pytest.approx(2 / 3)


def test_null_for_a_target_is_no_threshold():
    strangers = pieces(5, 4, axes=(3,)).clips
    fitted = NearestPrototype("euclidean", None).fit(LABELS, pieces(6, 0), pieces(5, 1), strangers)
    assert fitted.threshold == np.inf


def test_clip_probabilities_sum_to_one_and_follow_distance():
    fitted = fitted_at([[1, 0], [0, 1]], temperature=0.5)
    probabilities = fitted.clip_probabilities(np.array([[1.0, 0.0], [0.5, 0.5]]))
    assert probabilities.sum(axis=1) == pytest.approx([1, 1])
    assert probabilities[0, 0] > 0.9
    assert probabilities[1] == pytest.approx([0.5, 0.5])


def test_confidence_is_the_share_of_the_nearest_among_all_labels():
    equal = fitted_at(np.eye(4)[:3], temperature=0.3)
    assert equal.predict(np.zeros((2, 4))).confidence == pytest.approx(1 / 3)
    assert equal.predict(np.eye(4)[[3]]).confidence == pytest.approx(1 / 3)
    # At a prototype the others are √2 away.
    assert equal.predict(np.eye(4)[[1]]).confidence == pytest.approx(1 / (1 + 2 * np.exp(-(2**0.5) / 0.3)))


def test_distances_are_means_over_the_clips():
    random = np.random.default_rng(0)
    prototypes, clips = random.standard_normal((3, 4)), random.standard_normal((5, 4))
    expected = [np.mean([np.linalg.norm(clip - prototype) for clip in clips]) for prototype in prototypes]
    assert fitted_at(prototypes).distances(clips) == pytest.approx(expected)


def test_whitening_stretches_the_space_in_which_distances_are_taken():
    fitted = fitted_at([[0, 0], [4, 0]], whitening=[[0.5, 0], [0, 3]])
    assert fitted.distances(np.array([[2.0, 1.0]])) == pytest.approx([10**0.5, 10**0.5])
    assert fitted.whitened(np.array([2.0, 1.0])).tolist() == [1, 3]


def test_a_deviation_where_known_music_never_varies_is_far_in_the_mahalanobis_metric_alone(labelled):
    random = np.random.default_rng(0)
    scatter = np.array([1.0, 0.01])

    def music(centre, count):
        return [np.array(centre) + scatter * random.standard_normal((6, 2)) for _ in range(count)]

    train, validation = (
        labelled([*music([-3, 0], count), *music([3, 0], count)], ["A"] * count + ["B"] * count)
        for count in (30, 10)
    )
    stranger = np.tile([[3.0, 1.0]], (4, 1))  # as near as known music, in another direction
    fitted = {
        metric: NearestPrototype(metric, 0.2).fit(["A", "B"], train, validation, []) for metric in METRICS
    }
    assert fitted["euclidean"].predict(stranger).label == "B"
    assert fitted["mahalanobis"].predict(stranger).label == UNKNOWN
    residuals = np.concatenate([clips - [3, 0] for clips in train.clips[30:]])
    spread = np.cov(fitted["mahalanobis"].whitened(residuals).T)
    assert spread[0, 0] == pytest.approx(1, rel=0.2)
    assert abs(spread[0, 1]) < 0.2


def test_euclidean_distances_are_taken_as_they_are():
    fitted = NearestPrototype("euclidean", 0.2).fit(LABELS, pieces(6, 0), pieces(5, 1), [])
    assert (fitted.whitening == np.eye(4)).all()


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_the_share_of_calibration_strangers_below_the_threshold_is_the_target(fit, share):
    strangers = pieces(40, 4, spread=0.6, axes=(3,)).clips
    fitted = fit(strangers, target_fpr=share)
    accepted = np.mean([fitted.predict(clips).label != UNKNOWN for clips in strangers])
    assert accepted == pytest.approx(share, abs=1 / 40)


def test_a_laxer_target_never_lowers_the_threshold(fit):
    strangers = pieces(15, 4, spread=0.6, axes=(3,)).clips
    thresholds = [fit(strangers, target_fpr=share).threshold for share in np.linspace(0.01, 0.99, 6)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] < thresholds[-1]


def test_without_strangers_the_threshold_accepts_95_percent_of_validation(fit):
    fitted = fit(target_fpr=0.01)
    accepted = np.mean([fitted.predict(clips).label != UNKNOWN for clips in pieces(5, 1).clips])
    assert accepted == pytest.approx(0.95, abs=1 / 15)
    assert accepted < 1


@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0])
def test_the_temperature_makes_confidence_match_accuracy_whatever_the_unit(labelled, scale):
    # Two labels on a line; validation pieces lie between them, a quarter of them on the wrong side.
    train = labelled([scale * np.array([[1.0, 0.0]]), scale * np.array([[-1.0, 0.0]])], "AB")
    right, wrong = (scale * np.array([[place, 0.0]]) for place in (0.2, -0.2))
    validation = labelled([right] * 30 + [wrong] * 10, "A" * 40)
    fitted = NearestPrototype("euclidean", 0.2).fit(["A", "B"], train, validation, [])
    assert fitted.predict(right).confidence == pytest.approx(0.75, abs=0.02)


def test_the_clearer_the_validation_the_surer_the_predictions(fit):
    def confidence(spread):
        fitted = fit(spread=spread)
        return np.mean([fitted.predict(clips).confidence for clips in pieces(8, 2, spread).clips])

    assert confidence(0.05) > 0.99 > confidence(0.9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metric": "cosine", "target_fpr": 0.2}, "metric=cosine is none of mahalanobis, euclidean"),
        ({"metric": "euclidean", "target_fpr": 0}, "target_fpr=0 must lie between 0 and 1"),
        ({"metric": "euclidean", "target_fpr": 1.5}, "target_fpr=1.5"),
        ({"metric": "euclidean", "target_fpr": -0.1}, "target_fpr=-0.1"),
        (
            {"metric": "euclidean", "target_fpr": 0.1, "min_share": 1.1},
            "min_share=1.1 must lie within 0 and 1",
        ),
        ({"metric": "euclidean", "target_fpr": 0.1, "min_confidence": -1}, "min_confidence=-1"),
    ],
)
def test_settings_that_cannot_work_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        NearestPrototype(**settings)


@pytest.mark.parametrize("metric", METRICS)
def test_a_label_without_a_training_piece_is_refused(metric):
    """Its prototype would be the mean of nothing, and NaN is nearest to everything."""
    train, validation = pieces(6, 0, axes=(0, 2)), pieces(5, 1, axes=(0, 2))
    decision = NearestPrototype(metric, 0.2)
    with pytest.raises(EarmarkError, match=r"no piece to train on is called Birch.*data\.labels"):
        decision.fit(LABELS, train, validation, [])
    with pytest.raises(EarmarkError, match=r"no piece to train on is called Birch.*data\.labels"):
        decision.held_out(LABELS, train, validation)


# Distances held out


@pytest.mark.parametrize("dimensions", [4, 16])
def test_by_a_metric_that_was_fitted_without_them_pieces_lie_farther_away(dimensions):
    """Thresholds are set by distances that new pieces have, not by those of pieces the metric has seen."""
    train, validation = (
        pieces(count, seed, spread=0.3, dimensions=dimensions) for count, seed in ((6, 0), (12, 1))
    )
    decision = NearestPrototype("mahalanobis", 0.2)
    held_out = decision.held_out(LABELS, train, validation)
    fitted = decision.fit(LABELS, train, validation, [])
    seen = np.stack([fitted.distances(clips) for clips in validation.clips])
    of_the_label = np.arange(36), np.repeat([0, 1, 2], 12)
    assert held_out[of_the_label].mean() > seen[of_the_label].mean()


def test_euclidean_distances_are_the_same_held_out_or_not():
    train, validation = (pieces(count, seed, spread=0.3) for count, seed in ((6, 0), (12, 1)))
    decision = NearestPrototype("euclidean", 0.2)
    fitted = decision.fit(LABELS, train, validation, [])
    seen = np.stack([fitted.distances(clips) for clips in validation.clips])
    assert decision.held_out(LABELS, train, validation) == pytest.approx(seen, rel=1e-12)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_few_validation_pieces_are_held_out_too(count):
    train, validation = pieces(6, 0), pieces(count, 1, axes=(1,))
    decision = NearestPrototype("mahalanobis", 0.2)
    distances = decision.held_out(LABELS, train, validation)
    assert distances.shape == (count, 3)
    assert (distances.argmin(axis=1) == 1).all()
    if count == 2:  # each by the metric that was fitted with the other
        without = decision.fit(LABELS, train, rows_of(validation, [1]), [])
        assert distances[0] == pytest.approx(without.distances(validation.clips[0]))


def test_where_each_piece_is_a_work_of_its_own_every_fifth_piece_is_held_out_at_once():
    """The known values of folds by piece."""
    train, validation = pieces(6, 0, spread=0.3), pieces(4, 1, spread=0.3)
    decision = NearestPrototype("mahalanobis", 0.2)
    distances = decision.held_out(LABELS, train, validation)
    for fold in range(FOLDS):
        others = [row for row in range(12) if row % FOLDS != fold]
        fitted = decision.fit(LABELS, train, rows_of(validation, others), [])
        for row in range(fold, 12, FOLDS):
            assert distances[row] == pytest.approx(fitted.distances(validation.clips[row]), rel=1e-12)


def test_a_movement_s_distance_does_not_depend_on_its_sister():
    """Both lie in a direction that no other music has: a metric fitted with one makes the other near."""
    train, others = pieces(6, 0, spread=0.02), pieces(4, 1, spread=0.02)
    aside = np.array([0, 0, 0, 1.0])
    first, sister = (clips + aside for clips in pieces(2, 2, spread=0.02, axes=(0,)).clips)

    def with_movements(movements):
        return LabelledClips(
            [*movements, *others.clips],
            ["Ash"] * len(movements) + others.labels,
            ["a work"] * len(movements) + others.works,
        )

    decision = NearestPrototype("mahalanobis", 0.2)
    alone, both, stranger = (
        decision.held_out(LABELS, train, with_movements(movements))[0]
        for movements in ([first], [first, sister], [first, -5 * sister])
    )
    np.testing.assert_array_equal(both, alone)
    np.testing.assert_array_equal(stranger, alone)
    # Folds by piece would have leaked: the sister in the fit makes the movement several times nearer.
    leaking = decision.fit(LABELS, train, with_movements([sister]), []).distances(first)
    assert leaking.min() < alone.min() / 3


@settings(deadline=None, max_examples=25)
@given(works=st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=12), data=st.data())
def test_movements_of_one_work_never_lie_in_different_folds(works, data):
    """Whatever replaces the other movements of its work, the distances of a movement stay as they are."""
    train, all_pieces = pieces(4, 0, spread=0.3), pieces(4, 1, spread=0.3)
    row = data.draw(st.integers(0, len(works) - 1))
    random = np.random.default_rng(2)
    original, replaced = (
        LabelledClips(clips, all_pieces.labels[: len(works)], works)
        for clips in (
            all_pieces.clips[: len(works)],
            [
                random.standard_normal((3, 4)) if work == works[row] and number != row else clips
                for number, (work, clips) in enumerate(zip(works, all_pieces.clips, strict=False))
            ],
        )
    )
    decision = NearestPrototype("mahalanobis", 0.2)
    np.testing.assert_array_equal(
        decision.held_out(LABELS, train, original)[row], decision.held_out(LABELS, train, replaced)[row]
    )


def test_the_order_of_pieces_does_not_matter():
    train, validation = pieces(6, 0, spread=0.3), pieces(4, 1, spread=0.3)
    order = np.random.default_rng(0).permutation(12)
    decision = NearestPrototype("mahalanobis", 0.2)
    distances = decision.held_out(LABELS, train, validation)
    np.testing.assert_allclose(decision.held_out(LABELS, train, rows_of(validation, order)), distances[order])
