"""Settings that change no result: where and by whom it is computed, and what is kept of it.

A resumed sweep does not repeat a job for them, the leaderboard takes runs that differ in them for one system,
a promotion does not remark on them, and a search goes on under other ones.
"""

from __future__ import annotations

SECTIONS = ("executor", "store", "sweep", "tracking")


def changes_results(key: str) -> bool:
    """Whether a setting (`trainer.seed`, `store.url`, or a section) can change a result."""
    return key.lstrip("+~").partition(".")[0].partition("/")[0] not in SECTIONS
