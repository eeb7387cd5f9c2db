"""Run the benchmarks and write bench/results.json and the table in docs/performance.md."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import tempfile
import time
from pathlib import Path

from bench.machine import machine
from bench.markdown import insert, table
from bench.settings import Settings
from earmark.foundation.atomic import write_text
from earmark.foundation.progress import say

PROJECT = Path(__file__).resolve().parents[1]
ROWS = (
    *("log_mel", "rendering", "preprocessing", "training", "identify", "transcription"),
    *("growth", "no_op", "one_more_piece"),
)


def main() -> None:
    """Measure the rows that the command line names."""
    arguments = _arguments()
    names = arguments.rows or list(ROWS)
    rows = _earlier(arguments.results)
    described = machine()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="earmark-bench-", dir=arguments.scratch) as scratch:
        settings = Settings(PROJECT, Path(scratch), arguments.music, arguments.rounds, tuple(arguments.sizes))
        for name in names:
            row_started = time.monotonic()
            results = importlib.import_module(f"bench.rows.{name}").measure(settings)
            rows[name] = [result.as_dict() for result in results]
            for row in rows[name]:
                word = "reached" if row["pass"] else "MISSED "
                say(f"{word} {row['name']}: {row['measured']} {row['unit']}")
            say(f"{name}: {time.monotonic() - row_started:.0f} s")
            _write(rows, described, arguments)
    say(f"bench: {(time.monotonic() - started) / 60:.1f} minutes")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"all by default: {', '.join(ROWS)}")
    parser.add_argument(
        "--music",
        type=Path,
        default=os.environ.get("EARMARK_BENCH_MUSIC") or None,
        help="music_identifier's files; by default EARMARK_BENCH_MUSIC, or what stands in for them",
    )
    parser.add_argument("--results", type=Path, default=PROJECT / "bench" / "results.json")
    parser.add_argument("--page", type=Path, default=PROJECT / "docs" / "performance.md")
    parser.add_argument(
        "--rounds", type=_at_least_one, default=7, help="times that two things are measured in turn"
    )
    parser.add_argument(
        "--sizes", type=int, nargs=3, default=Settings.sizes, help="pieces: small, middle, large"
    )
    parser.add_argument("--scratch", type=Path, help="where temporary files go; some gigabytes")
    arguments = parser.parse_args()
    if not arguments.page.is_file():
        parser.error(f"--page {arguments.page} is not a file")
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"there is no row {min(unknown)}: {', '.join(ROWS)}")
    return arguments


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _earlier(results: Path) -> dict[str, list[dict]]:
    """Results of an earlier run by row, which is what their names begin with."""
    try:
        rows = json.loads(results.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    by_name: dict[str, list[dict]] = {}
    for row in rows:
        by_name.setdefault(row["name"].partition(":")[0], []).append(row)
    return by_name


def _write(rows: dict[str, list[dict]], described: dict[str, str], arguments: argparse.Namespace) -> None:
    """Results of all rows in their order, and the table with the machine that they are from."""
    ordered = [row for name in ROWS for row in rows.get(name, [])]
    write_text(arguments.results, json.dumps(ordered, indent=2, ensure_ascii=False) + "\n")
    insert(arguments.page, table(ordered, described))


if __name__ == "__main__":
    main()
