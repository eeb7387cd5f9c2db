"""The lines and the curve of a training's epochs."""

import pytest

from earmark.learning.epochs import curve_of, summary_of, words

PLAIN = {"train/loss": 0.5, "validation/balanced_accuracy": 0.75}
TRIPLET = {
    "train/loss": 1.5,
    "train/loss_all_triplets": 0.46031,
    "train/violated_share": 0.17329,
    "validation/retrieval": 0.8125,
}


@pytest.mark.parametrize(
    ("values", "score", "curve", "line"),
    [
        (
            PLAIN,
            "validation/balanced_accuracy",
            "train/loss",
            "loss 0.5000, validation balanced accuracy 0.7500",
        ),
        (
            TRIPLET,
            "validation/retrieval",
            "train/loss_all_triplets",
            "triplet loss 0.4603 (mean of all triplets), 17.3% of the triplets violate the margin, "
            "validation retrieval 0.8125",
        ),
        (
            {"train/loss": 0.5, "train/violated_share": 0.25, "validation/retrieval": 1.0},
            "validation/retrieval",
            "train/loss",
            "loss 0.5000, 25.0% of the triplets violate the margin, validation retrieval 1.0000",
        ),
        (
            {"train/mean_norm": 2.0, "train/loss": 0.5, "validation/retrieval": 1.0},
            "validation/retrieval",
            "train/loss",
            "loss 0.5000, mean norm 2.0000, validation retrieval 1.0000",
        ),
    ],
)
def test_an_epoch_is_told_by_the_loss_that_the_curves_show(values, score, curve, line):
    assert curve_of(values) == curve
    assert summary_of(values, score) == line


def test_names_of_scores_in_words():
    assert words("validation/balanced_accuracy") == "validation balanced accuracy"
