"""Writes genre.csv, tune types of two dance books, from the installed music21.

The type is what the field R: states. Left out are tunes whose title or metre contradicts it (a "jig"
under R:reel, a jig in 9/8). A tune is there once: versions under the same title, or with the same first 17
notes in any key, count as one. Which of the many are taken, a digest of their paths decides.

known:
- reel, jig (double jigs included), hornpipe: 126 each, 63 from Ryan's Mammoth Collection, 63 from O'Neill's;
- strathspey: 46, nearly all that there are, from Ryan's, for O'Neill prints none. At least no other label
  comes from one book.
unknown-calibration: 20 slip jigs, 10 from each book.
unknown-test: airs, waltzes, a walkaround and a march, 24 in all.
Left out as another name of a known type: clogs (hornpipes), flings (strathspeys), slides (jigs).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tune_books import BOOKS, Choice, Tune, shuffled, tunes, write

TUNES, STRATHSPEYS, CALIBRATION, TEST = 126, 46, 20, 24
METRES = {
    "reel": ("C|", "C", "4/4", "2/4"),
    "jig": ("6/8",),
    "hornpipe": ("C|", "C", "4/4", "2/4"),
    "strathspey": ("C|", "C", "4/4"),
    "slip jig": ("9/8",),
}
FEW = ("waltz", "walkaround", "march")
Row = tuple[str, str, str, str, str]


def agrees(tune: Tune) -> bool:
    """Tell whether title and metre agree with the type, or state none."""
    words = re.findall(r"-- *([a-z]+)", " ".join(tune.titles).lower())
    kinds = {"slipjig": "jig"}
    stated = {kinds.get(word, word) for word in words} & {"reel", "jig", "hornpipe", "strathspey", "clog"}
    return tune.metre in METRES.get(tune.rhythm, (tune.metre,)) and stated <= {tune.rhythm.split()[-1]}


def rows() -> Iterator[Row]:
    """Yield (path, label, group, role, title) of every piece."""
    candidates = [tune for tune in shuffled(tunes()) if tune.rhythm and agrees(tune)]
    choice = Choice()

    def take(rhythm: str, count: int, book: str = "") -> list[Tune]:
        return choice.take((t for t in candidates if t.rhythm == rhythm and t.book.startswith(book)), count)

    # The rarest types are taken first.
    known = {"strathspey": take("strathspey", STRATHSPEYS)}
    few = [tune for rhythm in FEW for tune in take(rhythm, TEST)]
    test = few + take("air", TEST - len(few))
    calibration = [tune for book in BOOKS for tune in take("slip jig", CALIBRATION // len(BOOKS), book)]
    for rhythm in ("hornpipe", "jig", "reel"):
        known[rhythm] = [tune for book in BOOKS for tune in take(rhythm, TUNES // len(BOOKS), book)]
    for role, taken in (
        ("known", [tune for of_kind in known.values() for tune in of_kind]),
        ("unknown-calibration", calibration),
        ("unknown-test", test),
    ):
        for tune in taken:
            yield tune.path, tune.rhythm, tune.group, role, f"{tune.title} ({BOOKS[tune.book]})"


if __name__ == "__main__":
    write(Path(__file__).with_name("genre.csv"), rows())
