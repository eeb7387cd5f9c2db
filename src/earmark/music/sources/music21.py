"""Scores that the music21 package ships, converted to MIDI files.

A name is a path inside the package's corpus, and what is wanted of the score (see `fragment`):
`bach/bwv10.7.mxl`, `oneills1850/0001-0050.abc#tune=12&transpose=-3&player=anna`. Equal names and
versions of music21 give equal bytes in every process.

Repeats are not played: a score is converted straight through, each bar once, in the order in which
it is written (so a second ending follows the first). Playing them adds nothing to learn from, some
scores music21 cannot expand at all, and in others the parts get out of step: of the three of Handel's
"Lascia ch'io pianga" only one states the repeat.
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

from earmark.foundation.errors import EarmarkError, PieceError, describe
from earmark.music.midi.notes import notes_of
from earmark.music.midi.percussion import DRUM_CHANNEL
from earmark.music.midi.perform import PLAYERS, Metre, perform, to_midi
from earmark.music.midi.smf import parse
from earmark.music.sources.fragment import Fragment, split_fragment

if TYPE_CHECKING:
    from music21.midi import MidiFile
    from music21.stream import Stream
_NOT_INSTALLED = "music21 is not installed: pip install music21"


def version() -> str:
    """Return the installed version of music21, on which the conversion of a score depends.

    Raises:
        EarmarkError: music21 is not installed.
    """
    try:
        return metadata.version("music21")
    except metadata.PackageNotFoundError:
        raise EarmarkError(_NOT_INSTALLED) from None


def corpus_file(name: str) -> Path:
    """Return the file of the score `name`.

    Raises:
        PieceError: The installed music21 does not ship it, or the fragment is faulty.
        EarmarkError: The name leads out of the corpus, or music21 is not installed.
    """
    name, _ = split_fragment(name)
    folder = corpus_folder()
    # Not resolve(): some installers make every file of a package a link out of it.
    path = Path(os.path.normpath(folder / name))
    if not path.is_relative_to(folder):
        raise EarmarkError(f"music21:{name} leads out of music21's corpus")
    if not path.is_file():
        raise PieceError(f"music21 {version()} ships no score {name}")
    return path


def convert(name: str, destination: Path) -> None:
    """Write a score as a standard MIDI file (format 1, a track per part).

    Tempo, program and dynamics are the score's where it states them, else music21's defaults
    (120 quarters a minute, program 0, velocity 90); a simulated player has others, and plays all parts on
    one track. Not for threads: stderr is diverted meanwhile.

    Args:
        name: Path of the score in music21's corpus, with a fragment.
        destination: Where to write the file.

    Raises:
        PieceError: music21 ships no such score, cannot read it or cannot convert it.
        EarmarkError: The name leads out of the corpus, or music21 is not installed.
    """
    path = corpus_file(name)
    try:
        with _silence():
            data = _to_midi(path, name)
    except (EarmarkError, MemoryError):  # lack of memory is not the piece's fault
        raise
    except Exception as error:  # music21 raises its own classes, and its parsers others
        reason = describe(error).replace(str(path), path.name)  # the same words on every machine
        raise PieceError(f"music21 {version()} cannot convert {name}: {reason}") from error
    destination.write_bytes(data)


def corpus_folder() -> Path:
    """Return the folder of music21's corpus.

    Raises:
        EarmarkError: music21 is not installed.
    """
    spec = importlib.util.find_spec("music21")  # does not import it, which takes a second
    if spec is None or spec.origin is None:
        raise EarmarkError(_NOT_INSTALLED)
    return Path(spec.origin).parent / "corpus"


def _to_midi(path: Path, name: str) -> bytes:
    """Convert the score in `path` as the fragment of `name` wants it."""
    from music21 import midi

    _, wanted = split_fragment(name)
    score = _read(path, wanted)
    _drop_shared_signatures(score)
    _drop_repeats(score)
    _tune(score)
    file = midi.translate.streamToMidiFile(score)
    _transpose(file, wanted.transpose)
    data = file.writestr()
    return data if wanted.player is None else _performed(data, score, path, wanted.tune, wanted.player)


def _read(path: Path, wanted: Fragment) -> Stream:
    """Parse a score; of a collection the tune wanted."""
    from music21 import converter, stream

    # music21 ignores the number of a tune for formats that know no collections.
    if wanted.tune is not None and path.suffix != ".abc":
        raise PieceError(f"{path.name} is no collection of ABC tunes: leave out tune={wanted.tune}")
    # As converter.parse(forceSource=True, storePickle=False) does, without its scratch folder. Given a
    # number, music21 takes that tune's text out of the collection before it parses.
    reader = converter.Converter()
    reader.parseFileNoPickle(path, number=wanted.tune, forceSource=True)
    score = reader.stream
    if isinstance(score, stream.Opus):
        raise PieceError(
            f"{path.name} is a collection of {len(score.scores)} scores, not a piece: "
            f"choose one by its number X, as in {path.name}#tune={score.scores[0].metadata.number or 1}"
        )
    if score is None:
        raise PieceError(f"{path.name} holds no score")
    return score


def _transpose(file: MidiFile, semitones: int) -> None:
    """Shift pitches in place; on the drum channel a number is an instrument, not a pitch."""
    from music21.midi import ChannelVoiceMessages

    if not semitones:
        return
    keyed = (
        ChannelVoiceMessages.NOTE_ON,
        ChannelVoiceMessages.NOTE_OFF,
        ChannelVoiceMessages.POLYPHONIC_KEY_PRESSURE,
    )
    for event in (event for track in file.tracks for event in track.events):
        is_drum = event.channel == DRUM_CHANNEL + 1  # music21 counts from 1
        if event.type in keyed and event.pitch is not None and not is_drum:
            event.pitch += semitones
            if not 0 <= event.pitch <= 127:
                raise PieceError(f"transposed by {semitones} semitones it leaves the range of MIDI")


def _performed(data: bytes, score: Stream, path: Path, tune: int | None, name: str) -> bytes:
    """Perform a converted score by the simulated player `name`."""
    player = PLAYERS[name]
    # The key is not in the seed: a transposed tune is the same performance, only higher or lower.
    seed = f"{path.parent.name}/{path.name} {tune} {name}"
    return to_midi(perform(notes_of(parse(data)), _metre(score), player, seed), player)


def _metre(score: Stream) -> Metre:
    """Return the beats of the first part. A pickup has the last beats of its bar."""
    import numpy as np
    from music21 import meter, stream

    beats: list[tuple[float, float]] = []  # quarters from the beginning, weight
    part = score[stream.Part].first()
    if part is None:
        raise PieceError("the score has no parts")
    signature = meter.TimeSignature("4/4")
    for measure in part.getElementsByClass(stream.Measure):
        signature = measure.timeSignature or signature
        start = float(measure.offset) - float(measure.paddingLeft)
        length = float(signature.beatDuration.quarterLength)
        end = float(measure.offset) + float(measure.duration.quarterLength)
        for number in range(signature.beatCount):
            quarters = start + number * length
            if float(measure.offset) <= quarters < end:
                beats.append((quarters, float(signature.getAccentWeight(number * length))))
    marks = score.metronomeMarkBoundaries()
    seconds = 0.0
    starts: list[tuple[float, float, float]] = []  # quarters, seconds, seconds a quarter
    for begin, finish, mark in marks:
        starts.append((float(begin), seconds, float(mark.secondsPerQuarter())))
        seconds += float(finish - begin) * starts[-1][2]
    quarters, weight = np.array(beats, dtype=np.float64).reshape(-1, 2).T
    begin, begin_s, pace = np.array(starts).T
    segment = np.searchsorted(begin, quarters, side="right") - 1
    return Metre(beat_s=begin_s[segment] + (quarters - begin[segment]) * pace[segment], weight=weight)


def _drop_shared_signatures(score: Stream) -> None:
    """Remove, in place, a time signature from the bars that music21's ABC reader adds it to again.

    It does so where a bar is split, and its own MIDI writer then refuses the score.
    """
    from music21 import meter, stream

    seen: set[int] = set()
    for measure in score[stream.Measure]:
        for signature in list(measure.getElementsByClass(meter.TimeSignature)):
            if id(signature) in seen:
                measure.remove(signature)
            seen.add(id(signature))


def _drop_repeats(score: Stream) -> None:
    """Remove, in place, everything that would make music21 play a bar twice or out of order."""
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

    music21's writer leaves them as written: a B flat clarinet would be a tone off the piano. Those that only
    change octave stay: the Trecento scores state the octave of a tenor's clef a second time.
    """
    from music21 import instrument, stream

    for part in score[stream.Part]:
        intervals = [played.transposition for played in part[instrument.Instrument]]
        if part.atSoundingPitch is False and any(i and i.semitones % 12 for i in intervals):
            part.toSoundingPitch(inPlace=True)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Suppress music21's warnings on overfull bars and the like: users cannot mend a shipped score."""
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
