"""Pictures of sounds: what they are drawn from, and that they are drawn."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from earmark.identify.describe.views import MOST_COLUMNS, Views, views_picture

RATE_HZ = 22_050


@pytest.fixture
def views(tone):
    return {
        hz: Views.of(f"{hz} $Hz_", tone(hz, RATE_HZ, seconds, peak=peak).T, RATE_HZ)
        for hz, seconds, peak in ((220, 2.0, 0.1), (1_760, 4.0, 0.8))
    }


@pytest.fixture
def figures(monkeypatch):
    """Figures in the order in which they were saved."""
    saved = []
    save = Figure.savefig

    def remember(figure, *arguments, **settings):
        saved.append(figure)
        save(figure, *arguments, **settings)

    monkeypatch.setattr(Figure, "savefig", remember)
    return saved


def size_of(path):
    with Image.open(path) as image:
        return image.size


def test_views_of_a_tone(views):
    high = views[1_760]
    assert high.duration_s == 4
    assert high.outline.min() == pytest.approx(-0.8, abs=0.01)
    assert high.outline.max() == pytest.approx(0.8, abs=0.01)
    row = high.linear[:, high.linear.shape[1] // 2].argmax()
    assert (row + 0.5) * high.nyquist_hz / len(high.linear) == pytest.approx(1_760, abs=10)
    assert high.pitch[:, 20].argmax() == 3 * (93 - 24)  # A6
    assert high.centroid_hz[20] == pytest.approx(1_760, rel=0.02)
    assert high.crossings[20] == pytest.approx(2 * 1_760 / RATE_HZ, rel=0.02)
    assert len(high.mfcc) == 19  # without the first, which is loudness


def test_a_long_piece_has_no_more_columns_than_a_picture():
    sound = np.random.default_rng(0).normal(0, 0.1, (2, 200 * 8_000 + 7)).astype(np.float32)
    views = Views.of("long", sound, 8_372)
    for values in (views.outline, views.linear, views.pitch, views.mfcc):
        assert MOST_COLUMNS / 2 < values.shape[1] <= MOST_COLUMNS + 1


def test_two_sounds_stand_side_by_side_with_equal_axes(views, tmp_path, figures):
    views_picture([*views.values()], tmp_path / "two.png")
    left, right = np.array(figures[0].axes).reshape(6, 2).T
    for one, other, line in zip(left, right, [None] * 4 + ["crossings", "centroid_hz"], strict=True):
        if line:  # no curve leaves its panel
            assert one.get_ylim()[1] > max(getattr(view, line).max() for view in views.values())
        assert one.get_xlim() == other.get_xlim() == (0, 4)
        assert one.get_ylim() == other.get_ylim()
        for first, second in zip(one.images, other.images, strict=True):
            assert first.get_clim() == second.get_clim()
    assert [axes.get_title() for axes in (left[0], right[0])] == ["220 $Hz_", "1760 $Hz_"]
    assert sum(len(axes.images) for axes in left) == 3


def test_a_picture_is_wider_for_two_and_of_equal_bytes(views, tmp_path):
    low = views[220]
    for name, shown in (("one", [low]), ("again", [low]), ("two", [low, low])):
        views_picture(shown, tmp_path / f"{name}.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    one, two = (size_of(tmp_path / f"{name}.png") for name in ("one", "two"))
    assert two[0] > 1.5 * one[0]
    assert two[1] == one[1]


@pytest.mark.parametrize("samples", [1, 3_000])
def test_silence_and_next_to_nothing(tmp_path, samples):
    views = Views.of("silence", np.zeros((1, samples), np.float32), RATE_HZ)
    views_picture([views], tmp_path / "silence.png")
    assert size_of(tmp_path / "silence.png")[0] > 500
