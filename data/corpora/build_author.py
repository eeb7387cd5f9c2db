"""Writes author.csv, the same tunes played by two simulated players, from the installed music21.

Did Anna play this, or somebody else? Label true: anna; false: bert (see `earmark.music.midi.perform`). Every
tune is there twice, once by each, and is a group, so that no split has it on both sides: the notes do not
tell the players apart. 40 tunes: five reels, jigs, hornpipes and slip jigs from each of Ryan's Mammoth
Collection and O'Neill's Music of Ireland, 24 to 55 s long as written, which is 20 to 60 s as played. Which
of the many are taken, a digest of their paths decides; none under two titles or with the same beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tune_books import BOOKS, Choice, shuffled, tunes, write

PLAYERS = {"anna": "true", "bert": "false"}
RHYTHMS = ("hornpipe", "jig", "reel", "slip jig")
TUNES = 40


def rows() -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (path, label, group, role, title) of every piece."""
    candidates = shuffled(tunes())
    choice = Choice(shortest_s=24, longest_s=55)
    for book in BOOKS:
        for rhythm in RHYTHMS:
            of_kind = (tune for tune in candidates if (tune.book, tune.rhythm) == (book, rhythm))
            for tune in choice.take(of_kind, TUNES // len(BOOKS) // len(RHYTHMS)):
                for player, label in PLAYERS.items():
                    title = f"{tune.title}, played by {player.capitalize()}"
                    yield tune.wanting(player=player), label, tune.group, "known", title


if __name__ == "__main__":
    write(Path(__file__).with_name("author.csv"), rows())
