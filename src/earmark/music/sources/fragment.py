"""The fragment after the path of a score of the music21 package: which tune, which key, which player.

    oneills1850/0001-0050.abc#tune=12&transpose=-3&player=anna

tune: the reference number (X:) of a tune in an ABC file that collects several.
transpose: semitones by which all but drums sounds higher, -11 to 11.
player: a simulated player of `earmark.music.midi.perform`; without one the score is played as written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from earmark.foundation.errors import PieceError
from earmark.music.midi.perform import PLAYERS

KEYS = ("tune", "transpose", "player")
MOST_SEMITONES = 11  # 12 give the same key again


@dataclass(frozen=True)
class Fragment:
    """What is wanted of a score.

    Attributes:
        tune: Reference number of a tune in a collection; None for the whole file.
        transpose: Semitones, -11 to 11.
        player: Name of a simulated player; None for the score as written.
    """

    tune: int | None = None
    transpose: int = 0
    player: str | None = None


def split_fragment(name: str) -> tuple[str, Fragment]:
    """Split a score's name into its path and what is wanted of it.

    Raises:
        PieceError: The fragment holds an unknown key or value, or a key twice.
    """
    path, mark, text = name.partition("#")
    if not mark:
        return path, Fragment()
    values: dict[str, str] = {}
    for pair in text.split("&"):
        key, _, value = pair.partition("=")
        if key not in KEYS:
            raise PieceError(f"{name}: '{key}' is none of {', '.join(KEYS)}")
        if key in values:
            raise PieceError(f"{name} states {key} twice")
        values[key] = value
    player = values.get("player")
    if player is not None and player not in PLAYERS:
        raise PieceError(f"{name}: player '{player}' is none of {', '.join(PLAYERS)}")
    return path, Fragment(
        tune=_number(name, "tune", values["tune"], lowest=0) if "tune" in values else None,
        transpose=_number(name, "transpose", values.get("transpose", "0"), -MOST_SEMITONES, MOST_SEMITONES),
        player=player,
    )


def _number(name: str, key: str, text: str, lowest: int, highest: int | None = None) -> int:
    """Read a whole number within limits.

    Raises:
        PieceError: It is none.
    """
    allowed = f"of {lowest} or more" if highest is None else f"from {lowest} to {highest}"
    # ASCII digits only: int() would also take "1_0", " 1" and the digits of other scripts.
    value = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None
    if value is None or value < lowest or (highest is not None and value > highest):
        raise PieceError(f"{name}: {key} '{text}' is no whole number {allowed}")
    return value
