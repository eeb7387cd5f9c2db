"""One more piece among two thousand."""

from __future__ import annotations

from pathlib import Path

from bench.checkout import finished_checkout
from bench.result import AT_MOST, Result
from bench.settings import Settings
from bench.synthetic import write_piece

MOST_SHARE = 0.35  # of the processor time that all pieces took
STAGES = ("compose", "ingest", "render", "validate", "features", "split")
PER_PIECE = {"render": "audio", "features": "features"}  # stage, kind of its entries in the store


def measure(settings: Settings) -> list[Result]:
    """`dvc repro features split`, and how many pieces were computed for it."""
    count = settings.sizes[1]
    checkout = finished_checkout(settings, count)
    checkout.repro("features", "split")
    before = {kind: _entries(checkout.store / kind) for kind in PER_PIECE.values()}
    write_piece(checkout.music, count)
    run = checkout.repro("features", "split")
    cold_s = sum(checkout.runs[stage].used_s for stage in STAGES)
    made = {kind: len(_entries(checkout.store / kind) - before[kind]) for kind in PER_PIECE.values()}
    return [
        Result(
            f"one_more_piece: time, {count:,} pieces",
            run.used_s / cold_s,
            MOST_SHARE,
            "of the first pass",
            AT_MOST,
            f"dvc repro features split after a file was added to the folder: {run.used_s:.1f} s of processor "
            f"time; of the same stages on all pieces {cold_s:.1f} s",
        ),
        *(
            Result(
                f"one_more_piece: computed by {stage}",
                made[kind],
                1,
                "pieces",
                AT_MOST,
                f"new entries of the store below {kind}/",
            )
            for stage, kind in PER_PIECE.items()
        ),
    ]


def _entries(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file() and path.suffix in (".wav", ".npy")}
