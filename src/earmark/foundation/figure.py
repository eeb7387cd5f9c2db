"""Figures: one palette, no display, pictures written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from earmark.foundation.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 110
# Okabe and Ito's palette, which the colour-blind can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")


def new_figure(width: float, height: float) -> Figure:
    # The object interface: no global state, no display, no font-cache message for a user to see.
    import logging

    from matplotlib.figure import Figure

    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Figure, path: Path) -> None:
    import warnings

    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)  # A$AP and Ke$ha are no formula
    with replacing(path) as temporary, warnings.catch_warnings():
        # The picture has a box in its place, as anybody sees; tables have the letter.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(temporary, dpi=DPI, metadata={"Software": None})
