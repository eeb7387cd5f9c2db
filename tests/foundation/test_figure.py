"""Figures are written whole, and show names as they are."""

import os

import matplotlib.image
import numpy as np
import pytest

from earmark.foundation.figure import DPI, new_figure, save_figure


def titled(text):
    figure = new_figure(3, 2)
    figure.subplots().set_title(text)
    return figure


def pixels(path):
    return matplotlib.image.imread(path)


def test_a_figure_has_its_size_in_inches(tmp_path):
    save_figure(new_figure(3, 2), tmp_path / "plots" / "a.png")
    assert pixels(tmp_path / "plots" / "a.png").shape[:2] == (2 * DPI, 3 * DPI)
    assert os.listdir(tmp_path / "plots") == ["a.png"]


def test_equal_figures_are_equal_files(tmp_path):
    for name, text in (("a", "one"), ("b", "one"), ("c", "other")):
        save_figure(titled(text), tmp_path / f"{name}.png")
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.parametrize("name", ["A$AP and Ke$ha", "$\\nonsense{$", "雅楽 🎵", "a_b^c"])
def test_any_name_is_drawn_without_a_warning(tmp_path, name):
    """Two dollar signs would be a formula; a letter that the font lacks is a box."""
    save_figure(titled(name), tmp_path / "a.png")
    assert np.ptp(pixels(tmp_path / "a.png")) > 0


def test_a_dollar_sign_takes_room(tmp_path):
    """As a formula `$a$` would be the letter alone."""
    dark = {}
    for name in ("a", "$a$"):
        figure = new_figure(3, 2)
        figure.text(0.5, 0.5, name)
        save_figure(figure, tmp_path / "a.png")
        dark[name] = (pixels(tmp_path / "a.png")[..., 0] < 0.5).sum()
    assert dark["$a$"] > 2 * dark["a"]


def test_the_old_file_stays_where_drawing_fails(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("old")
    figure = titled("x")
    figure.savefig = None
    with pytest.raises(TypeError):
        save_figure(figure, path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.png"]


def test_no_display_and_no_global_state(python):
    process = python(
        "import sys\n"
        "from earmark.foundation.figure import new_figure\n"
        "new_figure(1, 1)\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    assert process.communicate() == ("False\n", "")
