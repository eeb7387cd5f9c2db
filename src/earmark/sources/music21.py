"""Scores that the music21 package ships, converted to MIDI files.

A name is a path inside the package's corpus: `bach/bwv10.7.mxl`. Equal names and versions of
music21 give equal bytes in every process.

Repeats are not played: a score is converted straight through, each bar once, in the order in which
it is written (so a second ending follows the first). Playing them adds nothing to learn from, some
scores music21 cannot expand at all, and in others the parts run apart: of the three of Handel's
"Lascia ch'io pianga" only one carries the repeat.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import warnings
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.errors import EarmarkError, PieceError, describe

if TYPE_CHECKING:
    from music21.stream import Stream

_NOT_INSTALLED = "music21 is not installed: pip install music21"


def version() -> str:
    """The installed version of music21: another one may convert the same score differently."""
    try:
        return metadata.version("music21")
    except metadata.PackageNotFoundError:
        raise EarmarkError(_NOT_INSTALLED) from None


def corpus_file(name: str) -> Path:
    """Where the score `name` lies.

    Raises PieceError where the installed music21 does not ship it, EarmarkError where the name
    leads out of the corpus or music21 is not installed.
    """
    folder = _corpus_folder()
    # Not resolve(): some installers make every file of a package a link out of it.
    path = Path(os.path.normpath(folder / name))
    if not path.is_relative_to(folder):
        raise EarmarkError(f"music21:{name} leads out of music21's corpus")
    if not path.is_file():
        raise PieceError(f"music21 {version()} ships no score {name}")
    return path


def convert(name: str, destination: Path) -> None:
    """Write the score `name` to `destination` as a standard MIDI file (format 1, a track per part).

    Tempo, program and dynamics are the score's where it states them, else music21's defaults
    (120 quarters a minute, program 0, velocity 90). Not for threads: stderr is diverted meanwhile.
    Raises PieceError with the reason where music21 cannot read the score or make MIDI of it.
    """
    path = corpus_file(name)
    try:
        with _silence():
            data = _to_midi(path)
    except (EarmarkError, MemoryError):  # a full memory says nothing about the piece
        raise
    except Exception as error:  # music21 raises its own classes and whatever else its parsers hit
        reason = describe(error).replace(str(path), path.name)  # the same words on every machine
        raise PieceError(f"music21 {version()} cannot convert {name}: {reason}") from error
    destination.write_bytes(data)


def _corpus_folder() -> Path:
    spec = importlib.util.find_spec("music21")  # finds without importing, which takes a second
    if spec is None or spec.origin is None:
        raise EarmarkError(_NOT_INSTALLED)
    return Path(spec.origin).parent / "corpus"


def _to_midi(path: Path) -> bytes:
    from music21 import converter, midi, stream

    # What converter.parse(forceSource=True, storePickle=False) does, less its scratch folder.
    reader = converter.Converter()
    reader.parseFileNoPickle(path, forceSource=True)
    score = reader.stream
    if isinstance(score, stream.Opus):
        raise PieceError(f"{path.name} is a collection of {len(score.scores)} scores, not a piece")
    _drop_repeats(score)
    _tune(score)
    return midi.translate.streamToMidiFile(score).writestr()


def _drop_repeats(score: Stream) -> None:
    """Remove, in place, all that would make music21 play a bar twice or out of order."""
    from music21 import bar, repeat, spanner, stream

    for measure in score[stream.Measure]:
        if isinstance(measure.leftBarline, bar.Repeat):
            measure.leftBarline = None
        if isinstance(measure.rightBarline, bar.Repeat):
            measure.rightBarline = None
    marks = [*score[repeat.RepeatExpression], *score[spanner.RepeatBracket]]
    score.remove(marks, recurse=True)


def _tune(score: Stream) -> None:
    """Bring transposing instruments, in place, to the pitch at which they sound.

    music21's writer leaves them as written: a B flat clarinet a tone off the piano. Those that only
    change octave stay: the Trecento scores state the octave of a tenor's clef a second time.
    """
    from music21 import instrument, stream

    for part in score[stream.Part]:
        intervals = [played.transposition for played in part[instrument.Instrument]]
        if part.atSoundingPitch is False and any(i and i.semitones % 12 for i in intervals):
            part.toSoundingPitch(inPlace=True)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Swallow music21's remarks on overfull bars and the like: nobody can mend a shipped score."""
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
