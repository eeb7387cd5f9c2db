"""The nearest anchor, and "Other" beyond a fixed distance."""

import numpy as np
import pytest

from earmark.decisions.anchor import NearestAnchor, anchors_of
from earmark.decisions.labelled import rows_of
from earmark.decisions.rejection import UNKNOWN
from earmark.foundation.contracts import LabelledClips
from earmark.foundation.errors import EarmarkError

LABELS = ["Ash", "Birch"]
# Ash's anchor is the second piece, its first one; its later piece lies far away.
TRAIN = LabelledClips(
    [np.array([[10.0, 1.0], [10.0, -1.0]]), np.array([[0.0, 2.0], [0.0, -2.0]]), np.array([[90.0, 0.0]])],
    ["Birch", "Ash", "Ash"],
    ["one", "two", "three"],
)
VALIDATION = LabelledClips([np.array([[1.0, 0.0]]), np.array([[8.0, 0.0]])], LABELS, ["four", "five"])


@pytest.fixture
def fitted():
    return NearestAnchor(5.0).fit(LABELS, TRAIN, VALIDATION, [np.zeros((1, 2))])


def test_the_anchors_are_the_samplers_each_the_mean_of_one_pieces_clips(fitted):
    assert anchors_of(TRAIN.labels) == {"Ash": 1, "Birch": 0}
    assert fitted.labels == LABELS
    assert fitted.prototypes.tolist() == [[0, 0], [10, 0]]
    assert (fitted.whitening == np.eye(2)).all()


@pytest.mark.parametrize(
    ("clips", "nearest", "label"),
    [
        ([[4.9, 0.0]], "Ash", "Ash"),
        ([[5.1, 0.0]], "Birch", "Birch"),
        ([[0.0, 5.0]], "Ash", "Ash"),
        ([[0.0, 5.01]], "Ash", UNKNOWN),
        ([[10.0, 4.0], [10.0, -7.0]], "Birch", UNKNOWN),  # 5.5 on average
    ],
)
def test_beyond_the_distance_from_every_anchor_a_piece_is_unknown(fitted, clips, nearest, label):
    prediction = fitted.predict(np.array(clips))
    assert (prediction.nearest, prediction.label) == (nearest, label)


def test_strangers_and_validation_do_not_move_the_threshold(fitted):
    other = NearestAnchor(5.0).fit(LABELS, TRAIN, rows_of(VALIDATION, [1, 0]), [])
    assert fitted.threshold == other.threshold == 5.0
    assert fitted.prototypes.tolist() == other.prototypes.tolist()


def test_held_out_distances_need_nothing_left_out(fitted):
    distances = NearestAnchor(5.0).held_out(LABELS, TRAIN, VALIDATION)
    assert distances == pytest.approx(np.array([[1.0, 9.0], [8.0, 2.0]]))
    assert distances == pytest.approx(np.stack([fitted.distances(piece) for piece in VALIDATION.clips]))


def test_the_temperature_makes_confidence_match_accuracy(labelled):
    validation = labelled([np.array([[4.0, 0.0]])] * 40, ["Ash"] * 30 + ["Birch"] * 10)
    fitted = NearestAnchor(5.0).fit(LABELS, TRAIN, validation, [])
    assert fitted.predict(validation.clips[0]).confidence == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("distance", [0.0, -1.0, float("nan")])
def test_a_distance_that_cannot_work_is_named(distance):
    with pytest.raises(ValueError, match=f"max_distance={distance:g} must be above 0"):
        NearestAnchor(distance)


def test_a_label_without_a_training_piece_has_no_anchor():
    with pytest.raises(EarmarkError, match="no piece to train on is called Cedar"):
        NearestAnchor(5.0).fit([*LABELS, "Cedar"], TRAIN, VALIDATION, [])
