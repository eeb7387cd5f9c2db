"""From clips to a verdict: prototypes, temperature, threshold."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.decisions.prototype import FittedPrototypes, NearestPrototype
from earmark.decisions.rejection import UNKNOWN, Rejection
from earmark.foundation.contracts import LabelledClips
from earmark.foundation.errors import EarmarkError

METRICS = ("euclidean", "mahalanobis")
LABELS = ["Ash", "Birch", "Cedar"]


def pieces(count, seed, spread=0.05, axes=(0, 1, 2), clips=4, dimensions=4, radius=1.0):
    """`count` pieces around each axis: clip embeddings of length `radius`, and their labels."""
    random = np.random.default_rng(seed)
    found, labels = [], []
    for axis in axes:
        for _ in range(count):
            centre = np.eye(dimensions)[axis]
            embeddings = centre + spread * random.standard_normal((clips, dimensions))
            embeddings *= radius / np.linalg.norm(embeddings, axis=1, keepdims=True)
            found.append(embeddings.astype(np.float32))
            labels.append(LABELS[axis] if axis < 3 else "")
    return found, labels


@pytest.fixture(params=METRICS)
def fit(request):
    def with_strangers(strangers=(), spread=0.05, radius=1.0, target_fpr=0.2):
        train, validation = (pieces(6 - seed, seed, spread, radius=radius) for seed in (0, 1))
        decision = NearestPrototype(metric=request.param, target_fpr=target_fpr)
        return decision.fit(LABELS, LabelledClips(*train), LabelledClips(*validation), list(strangers))

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
    fresh, labels = pieces(8, 2, radius=radius)
    verdicts = [fitted.verdict(clips) for clips in fresh]
    assert [verdict.nearest for verdict in verdicts] == labels
    farthest = max(verdict.distance for verdict in verdicts)
    beside, _ = pieces(8, 3, axes=(3,), radius=radius)
    for clips in [np.full((4, 4), radius / 4), np.zeros((4, 4)), *beside]:
        assert fitted.verdict(clips).distance > 2 * farthest
        assert fitted.verdict(clips).label == UNKNOWN


@pytest.mark.parametrize("metric", METRICS)
def test_a_prototype_is_the_mean_of_pieces_however_many_clips_they_have(metric):
    long, short = np.tile([[1.0, 0.0]], (9, 1)), np.array([[0.0, 1.0]])
    other = -np.ones((1, 2))
    train = LabelledClips([long, short, other], ["A", "A", "B"])
    fitted = NearestPrototype(metric, 0.2).fit(
        ["A", "B"], train, LabelledClips([long, other], ["A", "B"]), []
    )
    assert fitted.prototypes.tolist() == [[0.5, 0.5], [-1, -1]]


def test_a_verdict_states_distances_in_the_order_of_labels():
    fitted = fitted_at([[1, 0], [0, 1]], temperature=0.5)
    verdict = fitted.verdict(np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    near, far = 2**0.5 / 3, 2 * 2**0.5 / 3
    assert verdict.distances == pytest.approx([far, near])
    assert (verdict.nearest, verdict.label) == ("Birch", "Birch")
    assert verdict.distance == pytest.approx(near)
    odds = np.exp((far - near) / 0.5)
    assert verdict.confidence == pytest.approx(odds / (1 + odds))


@pytest.mark.parametrize(("threshold", "label"), [(0.49, UNKNOWN), (0.5, "Ash"), (0.51, "Ash")])
def test_beyond_the_threshold_is_unknown_and_the_nearest_label_is_still_said(threshold, label):
    verdict = fitted_at([[1, 0], [0, 1]], threshold=threshold).verdict(np.array([[0.5, 0.0]]))
    assert (verdict.label, verdict.nearest, verdict.distance) == (label, "Ash", 0.5)


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
    verdict = fitted.verdict(np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    assert (verdict.label, verdict.nearest) == (label, "Birch")
    assert verdict.share == pytest.approx(2 / 3)


def test_null_for_a_target_is_no_threshold():
    train, validation = pieces(6, 0), pieces(5, 1)
    fitted = NearestPrototype("euclidean", None).fit(
        LABELS, LabelledClips(*train), LabelledClips(*validation), pieces(5, 4, axes=(3,))[0]
    )
    assert fitted.threshold == np.inf


def test_a_fitted_decision_comes_back_from_arrays_and_numbers(fit):
    fitted = fit()
    again = FittedPrototypes.restore(fitted.labels, fitted.arrays(), fitted.numbers())
    fresh, _ = pieces(3, 2)
    assert [again.verdict(clips).distance for clips in fresh] == [
        fitted.verdict(clips).distance for clips in fresh
    ]
    assert again.rejection == fitted.rejection


def test_clip_probabilities_sum_to_one_and_follow_distance():
    fitted = fitted_at([[1, 0], [0, 1]], temperature=0.5)
    found = fitted.clip_probabilities(np.array([[1.0, 0.0], [0.5, 0.5]]))
    assert found.sum(axis=1) == pytest.approx([1, 1])
    assert found[0, 0] > 0.9
    assert found[1] == pytest.approx([0.5, 0.5])


def test_confidence_is_the_share_of_the_nearest_among_all_labels():
    equal = fitted_at(np.eye(4)[:3], temperature=0.3)
    assert equal.verdict(np.zeros((2, 4))).confidence == pytest.approx(1 / 3)
    assert equal.verdict(np.eye(4)[[3]]).confidence == pytest.approx(1 / 3)
    # At a prototype the others are √2 away.
    assert equal.verdict(np.eye(4)[[1]]).confidence == pytest.approx(1 / (1 + 2 * np.exp(-(2**0.5) / 0.3)))


def test_distances_are_means_over_the_clips():
    random = np.random.default_rng(0)
    prototypes, clips = random.standard_normal((3, 4)), random.standard_normal((5, 4))
    expected = [np.mean([np.linalg.norm(clip - prototype) for clip in clips]) for prototype in prototypes]
    assert fitted_at(prototypes).distances(clips) == pytest.approx(expected)


def test_whitening_stretches_the_space_in_which_distances_are_taken():
    fitted = fitted_at([[0, 0], [4, 0]], whitening=[[0.5, 0], [0, 3]])
    assert fitted.distances(np.array([[2.0, 1.0]])) == pytest.approx([10**0.5, 10**0.5])
    assert fitted.whitened(np.array([2.0, 1.0])).tolist() == [1, 3]


def test_a_direction_in_which_known_music_never_varies_betrays_a_stranger():
    random = np.random.default_rng(0)
    scatter = np.array([1.0, 0.01])

    def music(centre, count):
        return [np.array(centre) + scatter * random.standard_normal((6, 2)) for _ in range(count)]

    train, validation = ([*music([-3, 0], count), *music([3, 0], count)] for count in (30, 10))
    heard = [
        LabelledClips(clips, ["A"] * count + ["B"] * count)
        for clips, count in ((train, 30), (validation, 10))
    ]
    stranger = np.tile([[3.0, 1.0]], (4, 1))  # no farther than known music, but where it never is
    found = {metric: NearestPrototype(metric, 0.2).fit(["A", "B"], *heard, []) for metric in METRICS}
    assert found["euclidean"].verdict(stranger).label == "B"
    assert found["mahalanobis"].verdict(stranger).label == UNKNOWN
    residuals = np.concatenate([clips - [3, 0] for clips in train[30:]])
    spread = np.cov(found["mahalanobis"].whitened(residuals).T)
    assert spread[0, 0] == pytest.approx(1, rel=0.2)
    assert abs(spread[0, 1]) < 0.2


def test_euclidean_distances_are_taken_as_they_are():
    train, validation = pieces(6, 0), pieces(5, 1)
    fitted = NearestPrototype("euclidean", 0.2).fit(
        LABELS, LabelledClips(*train), LabelledClips(*validation), []
    )
    assert (fitted.whitening == np.eye(4)).all()


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.9])
def test_the_share_of_calibration_strangers_below_the_threshold_is_the_target(fit, share):
    strangers, _ = pieces(40, 4, spread=0.6, axes=(3,))
    fitted = fit(strangers, target_fpr=share)
    accepted = np.mean([fitted.verdict(clips).label != UNKNOWN for clips in strangers])
    assert accepted == pytest.approx(share, abs=1 / 40)


def test_a_laxer_target_never_lowers_the_threshold(fit):
    strangers, _ = pieces(15, 4, spread=0.6, axes=(3,))
    thresholds = [fit(strangers, target_fpr=share).threshold for share in np.linspace(0.01, 0.99, 11)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] < thresholds[-1]


def test_without_strangers_the_threshold_accepts_95_percent_of_validation(fit):
    fitted = fit(target_fpr=0.01)
    validation, _ = pieces(5, 1)
    accepted = np.mean([fitted.verdict(clips).label != UNKNOWN for clips in validation])
    assert accepted == pytest.approx(0.95, abs=1 / 15)
    assert accepted < 1


@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0])
def test_the_temperature_makes_confidence_match_accuracy_whatever_the_unit(scale):
    # Two labels on a line; validation pieces lie between them, a quarter of them on the wrong side.
    train = [scale * np.array([[1.0, 0.0]]), scale * np.array([[-1.0, 0.0]])]
    validation = [scale * np.array([[0.2, 0.0]])] * 30 + [scale * np.array([[-0.2, 0.0]])] * 10
    heard = LabelledClips(train, ["A", "B"]), LabelledClips(validation, ["A"] * 40)
    fitted = NearestPrototype("euclidean", 0.2).fit(["A", "B"], *heard, [])
    assert fitted.verdict(validation[0]).confidence == pytest.approx(0.75, abs=0.02)


def test_the_clearer_the_validation_the_surer_the_verdicts(fit):
    def confidence(spread):
        fitted = fit(spread=spread)
        return np.mean([fitted.verdict(clips).confidence for clips in pieces(8, 2, spread)[0]])

    assert confidence(0.05) > 0.99 > confidence(0.9)


@pytest.mark.parametrize(
    ("settings", "said"),
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
def test_settings_that_cannot_work_are_named(settings, said):
    with pytest.raises(ValueError, match=said):
        NearestPrototype(**settings)


def held_out_and_own(metric, dimensions, count=12):
    """Distances of validation pieces to their label by metrics without and with the piece."""
    train, validation = (
        pieces(number, seed, spread=0.3, dimensions=dimensions) for number, seed in ((6, 0), (count, 1))
    )
    decision = NearestPrototype(metric, 0.2)
    fitted = decision.fit(LABELS, LabelledClips(*train), LabelledClips(*validation), [])
    found = decision.held_out(LABELS, LabelledClips(*train), LabelledClips(*validation))
    own = np.stack([fitted.distances(clips) for clips in validation[0]])
    assert found.shape == own.shape == (3 * count, 3)
    truth = [LABELS.index(label) for label in validation[1]]
    rows = np.arange(len(truth))
    return found[rows, truth], own[rows, truth]


@pytest.mark.parametrize("dimensions", [4, 16])
def test_by_a_metric_that_was_made_without_them_pieces_lie_farther_off(dimensions):
    """What the metric has seen it calls near: thresholds are set by distances that new pieces have."""
    found, own = held_out_and_own("mahalanobis", dimensions)
    assert found.mean() > own.mean()


def test_euclidean_distances_are_the_same_held_out_or_not():
    found, own = held_out_and_own("euclidean", 4)
    assert found == pytest.approx(own, rel=1e-12)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_few_validation_pieces_are_held_out_too(count):
    train, validation = pieces(6, 0), pieces(count, 1, axes=(1,))
    decision = NearestPrototype("mahalanobis", 0.2)
    found = decision.held_out(LABELS, LabelledClips(*train), LabelledClips(*validation))
    assert found.shape == (count, 3)
    assert (found.argmin(axis=1) == 1).all()
    if count == 2:  # each is judged by the other's metric
        without = decision.fit(LABELS, LabelledClips(*train), LabelledClips(*validation).rows([1]), [])
        assert found[0] == pytest.approx(without.distances(validation[0][0]))


@pytest.mark.parametrize("metric", METRICS)
def test_a_label_that_was_never_heard_is_refused(metric):
    """Its prototype would be the mean of nothing, and NaN is nearest to everything."""
    train, validation = pieces(6, 0, axes=(0, 2)), pieces(5, 1, axes=(0, 2))
    decision = NearestPrototype(metric, 0.2)
    for ask, more in ((decision.fit, [[]]), (decision.held_out, [])):
        with pytest.raises(EarmarkError, match=r"no piece to train on is called Birch.*data\.labels"):
            ask(LABELS, LabelledClips(*train), LabelledClips(*validation), *more)
