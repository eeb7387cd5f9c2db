"""The pieces that are rendered: a fixed sample of music_identifier's files, or of music21's corpus."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.settings import Settings

SAMPLE = 40


@dataclass(frozen=True)
class Music:
    """files: MIDI. name: whose they are, for people."""

    files: list[Path]
    name: str


def sample(settings: Settings) -> Music:
    """SAMPLE files, evenly spaced in the order of their paths: the same ones in every run."""
    if settings.music is not None:
        found = sorted(settings.music.rglob("*.mid"))
        if len(found) < SAMPLE:
            raise SystemExit(f"{settings.music} holds {len(found)} MIDI files, fewer than {SAMPLE}")
        return Music(_spaced(found), "files of music_identifier")
    return Music(_from_music21(settings), "scores of music21's corpus (EARMARK_BENCH_MUSIC is not set)")


def _spaced(found: list) -> list:
    return [found[round(place * (len(found) - 1) / (SAMPLE - 1))] for place in range(SAMPLE)]


def _from_music21(settings: Settings) -> list[Path]:
    """Scores that the built-in corpus lists, converted as ingest converts them; the first time only."""
    from earmark.sources.music21 import convert
    from earmark.sources.table import PACKAGE_PREFIX, read_csv

    folder = settings.scratch / "music21"
    names = sorted(
        origin.name.removeprefix(PACKAGE_PREFIX)
        for origin in read_csv(settings.project / "data" / "corpora" / "composer.csv")
    )
    files = []
    for number, name in enumerate(_spaced(names)):
        files.append(folder / f"{number:02d}.mid")
        if not files[-1].is_file():
            folder.mkdir(exist_ok=True)
            convert(name, files[-1])
    return files
