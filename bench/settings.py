"""What a run of the benchmarks is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """project: the checkout. scratch: a folder for what is thrown away afterwards.

    music: a folder of music_identifier's files, None for those beside the checkout, or what stands in for
    them. rounds: how often two things are measured alternately. sizes: the numbers of synthetic pieces:
    small, middle, large.
    """

    project: Path
    scratch: Path
    music: Path | None
    rounds: int = 7
    sizes: tuple[int, int, int] = (1_000, 2_000, 10_000)
