"""Settings of a run of the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What all rows need to know.

    Attributes:
        project: The checkout.
        scratch: A folder for temporary files.
        music: A folder of music_identifier's files; None for those that developers have, or what stands in
            for them.
        rounds: How often two things are measured alternately.
        sizes: Numbers of synthetic pieces: small, middle, large.
    """

    project: Path
    scratch: Path
    music: Path | None
    rounds: int = 7
    sizes: tuple[int, int, int] = (1_000, 2_000, 10_000)
