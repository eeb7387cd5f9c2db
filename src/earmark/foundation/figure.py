"""Figures: one palette, no display, image files written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from earmark.foundation.atomic import replacing
from earmark.foundation.words import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 110
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
"""The palette of Okabe and Ito (2008), which people with any colour vision can tell apart."""


def new_figure(width: float, height: float) -> Figure:
    """An empty figure that arranges its axes itself.

    It is made without pyplot: no global state, no display.

    Args:
        width: Inches.
        height: Inches.
    """
    import logging

    from matplotlib.figure import Figure

    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it reports that it builds its font cache
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as an image file; the suffix of `path` decides the format.

    Text is drawn as it is, without TeX: `$` in a name is a dollar sign. Equal figures give equal bytes.
    """
    import warnings

    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
        text.set_text("\n".join(map(printable, text.get_text().split("\n"))))
    with replacing(path) as temporary, warnings.catch_warnings():
        # The image has a box in its place; tables have the letter.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(temporary, dpi=DPI, metadata={"Software": None})
