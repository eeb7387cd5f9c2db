"""Ten times as many pieces: time per piece of every stage, memory of its main process."""

from __future__ import annotations

from bench.checkout import STAGES, finished_checkout
from bench.result import AT_MOST, Result
from bench.settings import Settings

MOST_RATIO, MOST_MB = 1.2, 1_500
FLAT = 1.5  # memory that grows by less than half while pieces grow tenfold


def measure(settings: Settings) -> list[Result]:
    """Each stage alone by `dvc repro -s`, from nothing: DVC's own work counts."""
    small, middle, large = settings.sizes
    few, more, many = (finished_checkout(settings, count).runs for count in settings.sizes)
    results = []
    for stage in STAGES:
        ratio = (many[stage].seconds / large) / (few[stage].seconds / small)
        # What a start costs is not in these: a stage that grew with the square would show here first.
        early_ms = 1000 * (more[stage].seconds - few[stage].seconds) / (middle - small)
        late_ms = 1000 * (many[stage].seconds - more[stage].seconds) / (large - middle)
        used = (many[stage].used_s / large) / (few[stage].used_s / small)
        results.append(
            Result(
                f"growth: time per piece, {stage}",
                ratio,
                MOST_RATIO,
                f"× from {small:,} to {large:,} pieces",
                AT_MOST,
                f"{few[stage].seconds:.1f} s, then {many[stage].seconds:.1f} s, DVC's own work included; "
                f"by processor time {used:.2f} ×; a piece more {early_ms:.1f} ms up to {middle:,}, "
                f"{late_ms:.1f} ms beyond",
            )
        )
    highest = max(STAGES, key=lambda stage: many[stage].peak_mb)
    steepest = max(STAGES, key=lambda stage: many[stage].peak_mb / max(few[stage].peak_mb, 1))
    results.append(
        Result(
            f"growth: memory, {large:,} pieces",
            many[highest].peak_mb,
            MOST_MB,
            "MB",
            AT_MOST,
            f"the largest main process, that of {highest}; at {small:,} pieces {few[highest].peak_mb:.0f} MB",
        )
    )
    results.append(
        Result(
            "growth: memory, flatness",
            many[steepest].peak_mb / max(few[steepest].peak_mb, 1),
            FLAT,
            f"× from {small:,} to {large:,} pieces",
            AT_MOST,
            f"the steepest stage, {steepest}: {few[steepest].peak_mb:.0f} MB, then "
            f"{many[steepest].peak_mb:.0f} MB",
        )
    )
    return results
