"""`dvc repro` when nothing has changed, beside DVC's own work on stages that only copy."""

from __future__ import annotations

from statistics import median

from bench.checkout import finished_checkout
from bench.peers.bare_dvc import bare_project, no_op
from bench.result import AT_MOST, Result, used_by_children_s
from bench.settings import Settings

MOST_TIMES = 2.0  # DVC's own time: ours has configs to compose, and code to compare


def measure(settings: Settings) -> list[Result]:
    """The whole pipeline, `train` and `evaluate` included; processor time, alternately with the peer."""
    results = []
    for count in settings.sizes[1:]:
        checkout = finished_checkout(settings, count)
        bare = bare_project(settings.scratch / f"bare-{count}", count)
        ours_s, bare_s = [], []
        for _ in range(max(settings.rounds, 1)):
            run = checkout.repro()
            if "up to date" not in run.output:
                raise SystemExit(f"dvc repro ran a stage although nothing had changed:\n{run.output}")
            before_s = used_by_children_s()
            no_op(bare)
            ours_s.append(run.used_s)
            bare_s.append(used_by_children_s() - before_s)
        results.append(
            Result(
                f"no_op: {count:,} pieces",
                median(ours / other for ours, other in zip(ours_s, bare_s, strict=True)),
                MOST_TIMES,
                "× DVC on stages that copy",
                AT_MOST,
                f"dvc repro, all stages, median of {len(ours_s)}; processor time {median(ours_s):.1f} s, of "
                f"DVC on eight stages and as many files {median(bare_s):.1f} s",
            )
        )
    return results
