"""Writes key.csv, 20 pieces in each of the 24 keys, from the installed music21.

No key is estimated: each is the one that a file states, and then transposed. In every key there are 6
chorales by Bach and 14 tunes, so that texture is independent of key and mode. A tune is there once, in one
key, moved by 6 semitones at most, whatever its own key was: it is assigned in the order of a digest of its
path. Chorales in minor are so few that they are there in two keys each, as one group.

What ends on another note than the tonic that it states is left out: signatures that lack their last flat
(as Bach wrote a Dorian minor), and `K:D` for two sharps whatever the mode.

- Chorales: those whose key signatures state one mode and one signature throughout. In 102 of 408 files the
  soprano says minor and the other parts major: left out. Also variants (`-a`, `-inst`, `-lz`…).
  Chorales with one title, or one melody (the first 9 notes of the soprano), are one group.
- Tunes of Ryan's Mammoth Collection and O'Neill's Music of Ireland whose only field K: is a bare tonic
  (major) or a tonic with m, min or minor; not Dor, Mix and the like. Half of the tunes from each book where
  minor allows. Tunes under the same title, or with the same first 17 notes, are there once.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from music21.corpus.chorales import ChoraleListRKBWV
from tune_books import BOOKS, CORPUS, Choice, Tune, normalised, notes, shuffled, tunes, write

TONICS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")  # by pitch class
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11, "#": 1, "b": -1}
CHORALES, TUNES = 6, 14  # in each key
Key = tuple[int, str]  # pitch class of the tonic, mode
Piece = tuple[str, Key, str, str]  # path, key, group, title
Row = tuple[str, str, str, str, str]


def dealt(pieces: Iterable[Piece], a_key: int) -> Iterator[Row]:
    """Yield 12 × `a_key` rows of one mode, `a_key` on each tonic; too few pieces are used again."""
    pieces = list(itertools.islice(pieces, 12 * a_key))
    if len(pieces) < 12 * a_key and len(pieces) % 12 == 0:
        pieces.pop()  # or the second round would bring each piece to the same tonic as the first
    for index, (path, (tonic, mode), group, title) in zip(
        range(12 * a_key), itertools.cycle(pieces), strict=False
    ):
        target = index % 12
        semitones = (target - tonic + 5) % 12 - 5  # from -5 to 6
        mark = "&" if "#" in path else "#"
        moved = f"{path}{mark}transpose={semitones}" if semitones else path
        yield moved, f"{TONICS[target]} {mode}", group, "known", title


def ends_on(path: str, tonic: int) -> bool:
    """Tell whether a piece can be used and the lowest note of its end is the tonic."""
    played = notes(path)
    if played is None:
        return False
    last = played.onset_s + played.duration_s > played.end_s - 0.01
    return int(played.pitch[last].min()) % 12 == tonic


def chorales(mode: str) -> Iterator[Piece]:
    """Yield the chorales of a mode that end on their tonic, in the order of a digest of their names."""
    listed = {c["bwv"]: c["title"] for c in ChoraleListRKBWV().byRiemenschneider.values()}
    paths = [path for path in CORPUS.glob("bach/*.mxl") if re.fullmatch(r"bwv[\d.]+", path.stem)]
    groups: dict[object, str] = {}
    for path in sorted(paths, key=lambda path: hashlib.sha256(path.name.encode()).digest()):
        number = path.stem.removeprefix("bwv")
        score = ElementTree.fromstring(_xml(path))
        key = chorale_key(score)
        if number == "846" or key is None:  # BWV 846 is no chorale: a prelude
            continue
        title = listed.get(number, "")
        marks = {melody(score), normalised(title) if title else number}
        group = next((groups[mark] for mark in marks if mark in groups), "bach/" + path.stem)
        groups.update(dict.fromkeys(marks, group))
        if key[1] == mode and ends_on(f"bach/{path.name}", key[0]):
            words = f"Chorale BWV {number}, {title}" if title else f"Chorale BWV {number}"
            yield f"bach/{path.name}", key, group, words


def _xml(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(next(n for n in archive.namelist() if "META-INF" not in n and n.endswith("xml")))


def chorale_key(score: ElementTree.Element) -> Key | None:
    """Return the key on which all signatures of a score agree; those that state no mode do not count."""
    fifths = {key.findtext("fifths", "") for key in score.iter("key")}
    modes = {mode for key in score.iter("key") if (mode := key.findtext("mode")) is not None}
    if len(fifths) != 1 or len(modes) != 1 or not modes <= {"major", "minor"}:
        return None
    (mode,) = modes
    major = 7 * int(fifths.pop()) % 12  # a sharp more is a fifth up
    return (major if mode == "major" else (major + 9) % 12), mode


def melody(score: ElementTree.Element) -> tuple[int, ...]:
    """Return the first eight steps of the uppermost part in semitones."""
    part = next(score.iter("part"))
    pitches = [
        STEPS[pitch.findtext("step", "")]
        + int(pitch.findtext("alter", "0"))
        + 12 * int(pitch.findtext("octave", ""))
        for pitch in itertools.islice(part.iter("pitch"), 9)
    ]
    return tuple(after - before for before, after in itertools.pairwise(pitches))


def tune_key(tune: Tune) -> Key | None:
    """Return the key that K: states; None for modes, and for what is no plain key."""
    match = re.fullmatch(r"([A-G])([b#]?) ?(|m|[Mm]in|[Mm]inor)", tune.key)
    if not match:
        return None
    step, sign, minor = match.groups()
    return (STEPS[step] + STEPS.get(sign, 0)) % 12, "minor" if minor else "major"


def of_books(mode: str) -> list[Piece]:
    """Choose the tunes of a mode from both books."""
    keys = {tune: key for tune in shuffled(tunes()) if (key := tune_key(tune)) and key[1] == mode}
    choice = Choice()
    wanted = 12 * TUNES
    taken: list[Tune] = []
    # Ryan's, which has fewer in minor, comes first; O'Neill's supplies the rest.
    for book, count in zip(BOOKS, (wanted // 2, wanted), strict=True):
        of_book = (tune for tune, key in keys.items() if tune.book == book and ends_on(tune.path, key[0]))
        taken += choice.take(of_book, count - (len(taken) if count == wanted else 0))
    return [(t.path, keys[t], t.group, f"{t.title} ({BOOKS[t.book]})") for t in taken]


def rows() -> Iterator[Row]:
    """Yield (path, label, group, role, title) of every piece."""
    for mode in ("major", "minor"):
        yield from dealt(chorales(mode), CHORALES)
        yield from dealt(of_books(mode), TUNES)


if __name__ == "__main__":
    write(Path(__file__).with_name("key.csv"), rows())
