"""`dvc repro` when nothing has changed."""

from __future__ import annotations

from statistics import median

from bench.checkout import finished_checkout
from bench.result import AT_MOST, Result
from bench.settings import Settings

BARS_S = (3.0, 6.0)  # at the middle size and at the large one


def measure(settings: Settings) -> list[Result]:
    """The whole pipeline, `train` and `evaluate` included; the median of some runs."""
    results = []
    for count, bar_s in zip(settings.sizes[1:], BARS_S, strict=True):
        checkout = finished_checkout(settings, count)
        runs = [checkout.repro() for _ in range(max(settings.rounds, 1))]
        if others := [run for run in runs if "up to date" not in run.output]:
            raise SystemExit(f"dvc repro ran a stage although nothing had changed:\n{others[0].output}")
        results.append(
            Result(
                f"no_op: {count:,} pieces",
                median(run.seconds for run in runs),
                bar_s,
                "s",
                AT_MOST,
                f"dvc repro, all stages, median of {len(runs)}; processor time "
                f"{median(run.used_s for run in runs):.1f} s",
            )
        )
    return results
