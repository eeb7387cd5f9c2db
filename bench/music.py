"""The pieces that are rendered: a fixed sample of music_identifier's files, or what stands in for them."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.settings import Settings
from bench.synthetic import TICKS, write_midi

SAMPLE = 40
# What stands in is as long, as fast and as full as they are: music_identifier's 40 last 411 s in the mean,
# have 5.7 onsets a second and 3.2 notes at once; the scores, 2.8 and 4.5, are played twice as fast, detached.
LENGTH_S, PACE, HELD = 400, 2, 0.7
TICKS_A_SECOND = 2 * TICKS  # at the default tempo
SHARED = Path("../shared/data/music_identifier/labelled")  # from the checkout: where developers have them


@dataclass(frozen=True)
class Music:
    """What is rendered.

    Attributes:
        files: MIDI.
        name: Whose they are, for people.
    """

    files: list[Path]
    name: str


def sample(settings: Settings) -> Music:
    """SAMPLE files, evenly spaced in the order of their paths: the same ones in every run."""
    shared = settings.project / SHARED
    if folder := settings.music or (shared if shared.is_dir() else None):
        files = sorted(folder.rglob("*.mid"))
        if len(files) < SAMPLE:
            raise SystemExit(f"{folder} holds {len(files)} MIDI files, fewer than {SAMPLE}")
        return Music(_spaced(files), "files of music_identifier")
    return Music(_from_music21(settings), "suites of music21's scores (EARMARK_BENCH_MUSIC names no others)")


def _spaced(files: list[Path]) -> list[Path]:
    return [files[round(place * (len(files) - 1) / (SAMPLE - 1))] for place in range(SAMPLE)]


def _from_music21(settings: Settings) -> list[Path]:
    """SAMPLE files of LENGTH_S: scores that the built-in corpus lists, one after the other on one piano."""
    from joblib import Parallel, delayed

    from earmark.music.sources.csv_table import PACKAGE_PREFIX, read_csv

    folder = settings.scratch / "music21"
    files = [folder / f"{number:02d}.mid" for number in range(SAMPLE)]
    if not folder.is_dir():
        folder.mkdir()
        names = sorted(
            origin.name.removeprefix(PACKAGE_PREFIX)
            for origin in read_csv(settings.project / "data" / "corpora" / "composer.csv")
        )
        converted = Parallel(n_jobs=-1)(delayed(_notes)(name, folder) for name in names)
        scores = [notes for notes in converted if notes is not None]  # joblib's annotation allows for it
        for number, file in enumerate(files):
            write_midi(file, _suite(scores[number:] + scores[:number]))
    return files


def _notes(name: str, folder: Path) -> list[tuple[int, int, int]]:
    """The score's (pitch, start, end), ticks."""
    from earmark.music.midi.notes import notes_of
    from earmark.music.midi.smf import read
    from earmark.music.sources.music21 import convert

    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        convert(name, Path(temporary) / "score.mid")
        notes = notes_of(read(Path(temporary) / "score.mid"))
    starts = (notes.onset_s / PACE * TICKS_A_SECOND).astype(int)
    ends = starts + np.maximum(HELD * notes.duration_s / PACE * TICKS_A_SECOND, 1).astype(int)
    return list(zip(notes.pitch.tolist(), starts.tolist(), ends.tolist(), strict=True))


def _suite(scores: list[list[tuple[int, int, int]]]) -> list[tuple[int, int, int]]:
    """Every SAMPLE-th score, from the first on, until LENGTH_S are full."""
    notes: list[tuple[int, int, int]] = []
    now = 0
    for score in itertools.chain.from_iterable(scores[step::SAMPLE] for step in range(SAMPLE)):
        if now >= LENGTH_S * TICKS_A_SECOND:
            break
        notes += [(pitch, now + start, now + end) for pitch, start, end in score]
        now = max(end for _, _, end in notes)
    return notes
