"""Stage scores: music21's scores whose licence lets what is learned from them be shared, as MIDI files.

Used are Bach's chorales (M. Greentree's edition), the Trecento scores, and the tunes of Aird, O'Neill
and Ryan: encodings of music in the public domain without restriction of use. Left out are the Essen
folk songs and Palestrina (not for commercial use), Corelli (CC BY), Ciconia and Luca (CC BY-SA), and
every score whose file claims a copyright.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from joblib import Parallel, delayed

from ear.settings import FOLDER, section
from earmark.foundation.errors import PieceError
from earmark.foundation.progress import say
from earmark.music.sources import music21

CLAIM = re.compile(rb"<rights|copyright \xc2?\xa9", re.IGNORECASE)
TUNE_NUMBER = re.compile(rb"^X: *(\d+)", re.MULTILINE)


def names(every_tune: int) -> list[str]:
    """Names of the scores in music21's corpus, of each collection's tunes one in `every_tune`."""
    corpus = music21.corpus_folder()
    chosen = [f"bach/{path.name}" for path in sorted((corpus / "bach").glob("bwv*.mxl"))]
    chosen += [
        f"trecento/{path.name}"
        for path in sorted((corpus / "trecento").glob("*.xml"))
        if not CLAIM.search(path.read_bytes())
    ]
    for folder in ("airdsAirs", "oneills1850"):
        for path in sorted((corpus / folder).glob("*.abc")):
            numbers = list(dict.fromkeys(int(n) for n in TUNE_NUMBER.findall(path.read_bytes())))
            chosen += [f"{folder}/{path.name}#tune={n}" for n in numbers[::every_tune]]
    tunes = sorted((corpus / "ryansMammoth").glob("*.abc"))
    return chosen + [f"ryansMammoth/{path.name}" for path in tunes[::every_tune]]


def is_held_out(file: Path, share: float) -> bool:
    """Whether a score is kept for judging: by its name, the same on every machine."""
    return int(hashlib.sha256(file.name.encode()).hexdigest(), 16) % 1000 < share * 1000


def _converted(name: str, folder: Path) -> str | None:
    """Convert one score; why it could not be converted."""
    try:
        music21.convert(name, folder / (re.sub(r"[/#=]", "_", name) + ".mid"))
    except PieceError as error:
        return str(error)
    return None


def main() -> None:
    """Write `ear/data/scores/<name>.mid`."""
    folder = FOLDER / "data" / "scores"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wanted = names(section("scores")["every_tune"])
    reasons = Parallel(n_jobs=-1, verbose=1)(delayed(_converted)(name, folder) for name in wanted)
    failed = [reason for reason in reasons if reason]
    say(f"scores: {len(wanted) - len(failed)} of {len(wanted)}" + (f"; {failed[0]}" if failed else ""))


if __name__ == "__main__":
    main()
