"""The bundles in the package, by their cards."""

from __future__ import annotations

import re
from pathlib import Path


def bundles(folder: Path) -> str:
    """The page: the card of each bundle, one level lower."""
    cards = [card.read_text(encoding="utf-8").strip() for card in sorted(folder.glob("*/card.md"))]
    head = "# Bundles in the package\n\nTheir cards. `earmark identify FILE --model NAME` uses one."
    return "\n\n".join([head, *(re.sub(r"^#", "##", card, flags=re.MULTILINE) for card in cards)]) + "\n"
