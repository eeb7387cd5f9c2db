"""Verdicts as `earmark identify` prints them, each as soon as it is there: lines, JSON, JSON Lines, CSV."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from earmark.foundation.words import compact_json, csv_lines, json_text, printable

if TYPE_CHECKING:
    from earmark.identify.inputs import Target
    from earmark.identify.verdict import Verdict

Heard = tuple["Target", "Verdict"]
"""A file and the verdict on it."""
FORMATS = ("lines", "json", "jsonl", "csv")
SORTS = ("path", "verdict", "confidence", "distance")
MOST_LABELS = 5  # in the summary


class Output:
    """Prints verdicts in one format.

    JSON is one list, and so is printed at the end; lines, JSON Lines and CSV are printed as verdicts come.
    """

    def __init__(self, form: str, labels: Sequence[str], nearest: bool, full_names: bool) -> None:
        """Print in a format.

        Args:
            form: One of FORMATS.
            labels: What the model knows, for the width of the first column.
            nearest: Whether a line is followed by the nearest training pieces.
            full_names: Whether a file of a folder is called by its whole path, not by that below the folder.
        """
        self._form, self._nearest, self._full_names = form, nearest, full_names
        self._width = max((_width(f"unknown ({printable(label)}?)") for label in labels), default=0)
        self._all: list[Verdict] = []
        self._begun = False

    def add(self, target: Target, verdict: Verdict) -> None:
        """Print a verdict, or keep it for the end."""
        if self._form == "json":
            self._all.append(verdict)
        elif self._form == "jsonl":
            print(compact_json(verdict.as_dict()), flush=True)
        elif self._form == "csv":
            self._begin()
            self._csv_row(_cells(verdict))
        elif not verdict.error:
            self._print_line(target, verdict)

    def end(self) -> None:
        """Print what is left to print."""
        if self._form == "json":
            print(json_text([verdict.as_dict() for verdict in self._all]))
        elif self._form == "csv":
            self._begin()

    def _begin(self) -> None:
        from earmark.identify.verdict import FIELDS

        if not self._begun:
            self._begun = True
            self._csv_row(FIELDS)

    def _csv_row(self, cells: Sequence[object]) -> None:
        """A program gets names as they are, a terminal what it may show."""
        (line,) = csv_lines([cells])
        print(printable(line[:-1]) if sys.stdout.isatty() else line[:-1], flush=True)

    def _print_line(self, target: Target, verdict: Verdict) -> None:
        known = verdict.label == verdict.nearest_label
        label = printable(verdict.label if known else f"{verdict.label} ({verdict.nearest_label}?)")
        # Confidence belongs to nearest_label: beside `unknown` it would be taken for that of `unknown`.
        sure = f"{verdict.confidence:.2f}" if known else ""
        name = target.name if self._full_names else target.within or target.name
        lines = [f"{label}{' ' * (self._width - _width(label))}  {sure:4}  {printable(name)}"]
        if self._nearest:
            lines += [f"    {text}" for text in _evidence(verdict)]
        print("\n".join(lines), flush=True)


def sort_key(by: str) -> Callable[[Heard], tuple[object, ...]]:
    """The key that sorts verdicts: by path or label, the surest first, or the nearest first.

    Args:
        by: One of SORTS. Files that could not be heard come last, and *unknown* behind known labels.
    """

    def key(heard: Heard) -> tuple[object, ...]:
        verdict = heard[1]
        known = verdict.label == verdict.nearest_label
        orders = {
            "path": (),
            "verdict": (not known, verdict.label, verdict.nearest_label, -verdict.confidence),
            "confidence": (not known, -verdict.confidence if known else verdict.distance),
            "distance": (verdict.distance,),
        }
        return (bool(verdict.error) and by != "path", *orders[by], verdict.path)

    return key


def summary(verdicts: Sequence[Verdict], seconds: float) -> str:
    """How many files have which verdict, in one line."""
    from collections import Counter

    known = Counter(
        verdict.label for verdict in verdicts if not verdict.error and verdict.label == verdict.nearest_label
    )
    failed = sum(bool(verdict.error) for verdict in verdicts)
    unknown = len(verdicts) - failed - known.total()
    named = [f"{printable(label)} {number}" for label, number in known.most_common(MOST_LABELS)]
    named += ["…"] if len(known) > MOST_LABELS else []
    parts = [f"{known.total()} known" + (f" ({', '.join(named)})" if named else ""), f"{unknown} unknown"]
    parts += [f"{failed} not heard"] if failed else []
    return f"{len(verdicts)} files in {seconds:.1f} s: {', '.join(parts)}"


def _evidence(verdict: Verdict) -> list[str]:
    """The reason for *unknown*, and the training pieces nearest to a file."""
    lines = [f"distance {verdict.distance:.2f}"]
    if verdict.reason:
        lines = [f"unknown because {printable(verdict.reason)}"]
    for other in verdict.neighbours:
        here, there = other.starts
        lines.append(printable(f"{here} → {there}  {other.label}: {other.title}"))
    return lines


def _cells(verdict: Verdict) -> list[object]:
    from earmark.identify.verdict import FIELDS

    row = verdict.as_dict()
    probabilities = row["probabilities"].items()
    row["probabilities"] = "; ".join(f"{label}: {value:g}" for label, value in probabilities)
    row["nearest"] = "; ".join(f"{other.label}: {other.title}" for other in verdict.neighbours)
    return ["" if row[name] is None else row[name] for name in FIELDS]


def _width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    from rich.cells import cell_len

    return cell_len(text)
