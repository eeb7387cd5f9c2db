"""The tunes of two dance books that music21 ships in ABC notation, as their fields describe them.

Ryan's Mammoth Collection (Boston 1883), a file a tune, and O'Neill's Music of Ireland (Chicago 1903),
fifty or so tunes a file. The corpora of tune types, keys and players are chosen from them.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import math
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import music21

from earmark.foundation.errors import PieceError
from earmark.music.midi.notes import Notes, notes_of
from earmark.music.midi.smf import read
from earmark.music.sources.music21 import convert

CORPUS = Path(music21.__file__).parent / "corpus"
BOOKS = {"ryansMammoth": "Ryan's Mammoth Collection", "oneills1850": "O'Neill's Music of Ireland"}
SHORTEST_S, FEWEST_NOTES = 8.0, 20


@dataclass(frozen=True)
class Tune:
    """A tune's fields.

    Attributes:
        path: Its file, with the fragment that picks it from a collection.
        book: A key of BOOKS.
        titles: The fields T:.
        rhythm: The field R:, normalised; "" where it is missing or there more than once.
        key: The field K:; "" as for `rhythm`.
        metre: The field M:; "" as for `rhythm`.
    """

    path: str
    book: str
    titles: tuple[str, ...]
    rhythm: str
    key: str
    metre: str

    @property
    def title(self) -> str:
        """Title in usual spelling: Ryan's are in capitals, with the article at the end."""
        name = re.split(r" *--|- ", self.titles[0])[0].strip(" .,")
        name = re.sub(r"(.*?)[ .]*, *(the|a|an)", r"\2 \1", name, flags=re.I)
        name = re.sub(r"\w[\w'’]*", lambda word: word[0].capitalize(), name) if name.isupper() else name
        states_rhythm = not self.rhythm or self.rhythm.split()[-1] in name.lower().split()
        return name if states_rhythm else f"{name}, {self.rhythm}"

    @property
    def group(self) -> str:
        """Work: the first title, normalised, the same for all versions of a tune in both books."""
        return "tune/" + normalised(self.titles[0])

    @property
    def names(self) -> set[str]:
        """All its titles, normalised."""
        return {normalised(part) for title in self.titles for part in re.split(r",? +or,? +", title)}

    def wanting(self, **values: object) -> str:
        """Return the path with more in its fragment: `tune.wanting(transpose=3)`."""
        more = "&".join(f"{key}={value}" for key, value in values.items())
        return f"{self.path}{'&' if '#' in self.path else '#'}{more}"


def normalised(title: str) -> str:
    """Reduce a title to letters and digits: no type, number, article, brackets or apostrophes."""
    title = re.split(r" *--|- | *\(|,? +or,? +| *\[", title.lower().removeprefix("or "))[0]
    title = re.sub(r"[’'`.]", "", title)
    words = [word for word in re.split(r"[^a-z0-9]+", title) if word not in ("", "the", "a", "an", "no", "o")]
    if len(words) > 1 and re.fullmatch(r"\d+|i+", words[-1]):
        words.pop()
    if len(words) > 1 and words[-1] in ("reel", "jig", "hornpipe", "strathspey", "waltz", "clog", "march"):
        words.pop()
    return "-".join(words) or "untitled"


def tunes() -> Iterator[Tune]:
    """Yield every tune of both books, in the order of files and numbers."""
    for book in BOOKS:
        for path in sorted(CORPUS.glob(f"{book}/*.abc")):
            _, *texts = re.split(r"(?m)^(?=X:)", path.read_text(encoding="latin-1"))
            for text in texts:
                number = int(re.findall(r"\d+", single(text, "X"))[0])
                place = f"{book}/{path.name}"
                rhythm = re.sub(r"[^a-z]+", " ", single(text, "R").lower()).strip()
                yield Tune(
                    path=f"{place}#tune={number}" if len(texts) > 1 else place,
                    book=book,
                    titles=tuple(fields(text, "T")) or ("untitled",),
                    rhythm={"double jig": "jig", "slipjig": "slip jig"}.get(rhythm, rhythm),
                    # A K: or M: in the middle is a change of key or metre: then there is not one.
                    key="" if "[K:" in text else single(text, "K"),
                    metre="" if "[M:" in text else single(text, "M"),
                )


def fields(text: str, letter: str) -> list[str]:
    """Return the values of all fields of one letter in an ABC text."""
    return [value.strip() for value in re.findall(rf"(?m)^{letter}:([^%\r\n]*)", text)]


def single(text: str, letter: str) -> str:
    """Return the value of a field that is there once, else ""."""
    values = fields(text, letter)
    return values[0] if len(values) == 1 else ""


def shuffled(all_tunes: Iterable[Tune]) -> list[Tune]:
    """Sort tunes by a digest of their paths: a fixed order, independent of number, name and type."""
    return sorted(all_tunes, key=lambda tune: hashlib.sha256(tune.path.encode()).digest())


@dataclass
class Choice:
    """Takes tunes one after the other, each only once, whatever its title and key.

    Attributes:
        shortest_s: Shortest tune that is taken, seconds.
        longest_s: Longest tune that is taken, seconds.
    """

    shortest_s: float = SHORTEST_S
    longest_s: float = math.inf

    def __post_init__(self) -> None:
        self._seen: set[str | tuple[int, ...]] = set()

    def take(self, candidates: Iterable[Tune], count: int) -> list[Tune]:
        """Take the first `count` tunes that music21 converts, of fitting length and not taken before."""
        taken: list[Tune] = []
        for tune in candidates:
            if len(taken) == count:
                break
            if (names := tune.names) & self._seen or (played := notes(tune.path)) is None:
                continue
            marks = names | {incipit(played)}
            length_s = played.end_s - float(played.onset_s.min())
            if self.shortest_s <= length_s <= self.longest_s and not marks & self._seen:
                taken.append(tune)
                self._seen |= marks
        return taken


def notes(path: str) -> Notes | None:
    """Convert a piece to notes; None where music21 cannot, or it is too short to learn from."""
    with tempfile.TemporaryDirectory() as folder:
        midi = Path(folder) / "piece.mid"
        try:
            convert(path, midi)
        except PieceError:
            return None
        played = notes_of(read(midi))
    long_enough = len(played) >= FEWEST_NOTES and played.end_s - played.onset_s.min() >= SHORTEST_S
    return played if long_enough else None


def incipit(played: Notes) -> tuple[int, ...]:
    """Return the first 16 steps of a tune in semitones, which neither title nor key changes."""
    pitch = played.pitch[played.onset_s.argsort(kind="stable")][:17].tolist()
    return tuple(after - before for before, after in itertools.pairwise(pitch))


def write(csv_path: Path, rows: Iterable[tuple[str, str, str, str, str]]) -> None:
    """Write (path, label, group, role, title) as a corpus, sorted by role, label and path."""
    rows = sorted(rows, key=lambda row: (row[3], row[1], row[0]))
    with csv_path.open("w", encoding="utf-8", newline="") as file:
        file.write("path,label,group,role,title\n")
        csv.writer(file, lineterminator="\n").writerows(("music21:" + path, *rest) for path, *rest in rows)
