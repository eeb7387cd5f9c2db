"""Pictures: there, of equal bytes, and of what they were given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from earmark.evaluation import plots

RANDOM = np.random.default_rng(0)
MEANS = RANDOM.standard_normal((30, 5))
NAMES = ["Ash"] * 12 + ["Birch"] * 12 + [""] * 6
SPLITS = (["train"] * 6 + ["validation"] * 3 + ["test"] * 3) * 2 + ["test"] * 6
MATRIX = np.array([[5.0, 1.0], [0.0, 7.0]])
HISTORY = pd.DataFrame(
    {"epoch": range(4), "train_loss": [1 / number for number in range(1, 5)], "validation_score": 0.5}
)
CLIPS = [RANDOM.uniform(-80, 0, (32, 40)).astype(np.float32) for _ in range(3)]

DRAW = {
    "confusion": lambda path: plots.confusion_picture(MATRIX, ["Ash", "Birch"], "test pieces", path),
    "embedding": lambda path: plots.embedding_picture(MEANS, NAMES, SPLITS, ["Ash", "Birch"], path),
    "open_set": lambda path: plots.open_set_picture(MEANS[:, 0] ** 2, MEANS[:, 1] ** 2 + 1, 0.7, path),
    "curves": lambda path: plots.curves_picture(HISTORY, path),
    "risk_coverage": lambda path: plots.risk_coverage_picture([0.5, 1.0], [0.0, 0.5], path),
    "reliability": lambda path: plots.reliability_picture([0.6, 0.9], [0.5, 1.0], [2, 5], path),
    "roc": lambda path: plots.roc_picture(np.array([0, 0.5, 1]), np.array([0, 0.8, 1]), 0.3, path),
    "spectrogram": lambda path: plots.spectrogram_picture(CLIPS, ["a", "b", "c"], 10.0, path),
}
EDGES = {
    "one label": lambda path: plots.confusion_picture(np.zeros((1, 1)), ["Ash"], "no pieces", path),
    "many labels": lambda path: plots.confusion_picture(np.eye(20), [f"L{n}" for n in range(20)], "", path),
    "two pieces": lambda path: plots.embedding_picture(MEANS[:2], NAMES[:2], SPLITS[:2], ["Ash"], path),
    "more labels than colours": lambda path: plots.embedding_picture(
        MEANS, [f"L{n}" for n in range(30)], ["test"] * 30, [f"L{n}" for n in range(30)], path
    ),
    "no strangers": lambda path: plots.open_set_picture(np.array([1.0, 2.0]), np.array([]), 1.5, path),
    "nobody at all": lambda path: plots.open_set_picture(np.array([]), np.array([]), 1.5, path),
    "equal distances": lambda path: plots.open_set_picture(np.ones(3), np.ones(2), 1.0, path),
    "one epoch": lambda path: plots.curves_picture(HISTORY[:1], path),
    "an epoch without validation": lambda path: plots.curves_picture(
        pd.DataFrame({"epoch": [0], "train_loss": [1.0], "validation_score": [np.nan]}), path
    ),
    "silence": lambda path: plots.spectrogram_picture([np.full((8, 9), -80.0)], ["a"], 10.0, path),
    "any letters": lambda path: plots.confusion_picture(MATRIX, ["Dvořák", "$x_$"], "$_{$", path),
    "letters that the font lacks": lambda path: plots.confusion_picture(MATRIX, ["久石譲", "b"], "", path),
    "a title that is no formula": lambda path: plots.spectrogram_picture(CLIPS[:1], ["$_{$"], 10.0, path),
    "a label that is no formula": lambda path: plots.embedding_picture(
        MEANS, ["$_{$"] * 30, SPLITS, ["$_{$"], path
    ),
}


@pytest.fixture
def figures(monkeypatch):
    """The figures that are saved meanwhile."""
    seen, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, *args, **kw: seen.append(self) or save(self, *args, **kw)
    )
    return seen


@pytest.mark.parametrize("name", [*DRAW, *EDGES])
def test_a_picture_is_drawn_where_it_was_asked_for(name, tmp_path):
    path = tmp_path / "deep" / "picture.png"
    {**DRAW, **EDGES}[name](path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert min(image.size) > 150
        assert len(image.convert("RGB").getcolors(1 << 24)) > 5
    assert [file.name for file in path.parent.iterdir()] == ["picture.png"]


@pytest.mark.parametrize("name", DRAW)
def test_equal_data_give_equal_bytes(name, tmp_path):
    for copy in ("one.png", "other.png"):
        DRAW[name](tmp_path / copy)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()


def test_a_confusion_shows_counts_and_shares_of_rows(figures, tmp_path):
    DRAW["confusion"](tmp_path / "a.png")
    axes = figures[0].axes[0]
    assert [text.get_text() for text in axes.texts] == ["5", "1", "0", "7"]
    assert np.asarray(axes.images[0].get_array()) == pytest.approx(np.array([[5 / 6, 1 / 6], [0, 1]]))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["Ash", "Birch"]


def test_every_piece_is_a_point_and_strangers_are_apart(figures, tmp_path):
    DRAW["embedding"](tmp_path / "a.png")
    drawn = [len(points.get_offsets()) for points in figures[0].axes[0].collections]
    assert drawn == [6, 6, 3, 3, 6, 3, 3]  # strangers; then train, validation, test of each label
    assert sum(drawn) == len(MEANS)


def test_all_pieces_are_in_the_histograms(figures, tmp_path):
    DRAW["open_set"](tmp_path / "a.png")
    axes = figures[0].axes[0]
    assert sum(bar.get_height() for bar in axes.patches) == 60
    assert [line.get_xdata()[0] for line in axes.lines] == [0.7]


def test_epochs_are_counted_from_one(figures, tmp_path):
    DRAW["curves"](tmp_path / "a.png")
    (loss,) = figures[0].axes[0].lines
    assert list(loss.get_xdata()) == [1, 2, 3, 4]
    assert list(loss.get_ydata()) == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])


def test_a_spectrogram_is_drawn_in_seconds(figures, tmp_path):
    DRAW["spectrogram"](tmp_path / "a.png")
    assert [axes.get_title() for axes in figures[0].axes] == ["a", "b", "c"]
    assert list(figures[0].axes[0].images[0].get_extent()) == [0, 4, 0, 32]
