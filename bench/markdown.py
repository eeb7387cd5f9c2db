"""The table in docs/performance.md, made from results and put between two marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from earmark.foundation.atomic import write_text

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def table(results: Sequence[Mapping[str, Any]], machine: Mapping[str, str]) -> str:
    """Markdown: one line a result, then the machine."""
    lines = ["| what | measured | bar | reached | detail |", "|---|---|---|---|---|"]
    for row in results:
        unit, _, sense = row["unit"].rpartition(", ")
        sign = "≥" if sense == "at least" else "≤"
        measured = "–" if row["measured"] is None else f"{row['measured']:,.4g} {unit}"
        reached = "yes" if row["pass"] else "**no**"
        lines.append(f"| {row['name']} | {measured} | {sign} {row['bar']:g} | {reached} | {row['detail']} |")
    lines += ["", "; ".join(f"{name} {value}" for name, value in machine.items()) + "."]
    return "\n".join(lines)


def insert(page: Path, text: str) -> None:
    """Put `text` between the marks of `page`, and leave the rest as it is."""
    whole = page.read_text(encoding="utf-8")
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{page} lacks the marks {BEGIN} and {END}")
    write_text(page, f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
