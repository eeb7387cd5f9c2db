"""`earmark identify`: verdicts on files of music."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.apps.commands.model_option import Model, Strictness, check_strictness
from earmark.foundation.words import csv_lines, file_stem, json_text, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earmark.identify.identifier import Identifier
    from earmark.identify.inputs import Target
    from earmark.identify.verdict import Verdict

MANY = 4  # files from which on progress is shown


def identify(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files, folders, globs; - reads standard input.")
    ],
    model: Model = "",
    strictness: Strictness = "",
    as_json: Annotated[bool, typer.Option("--json", help="A list of objects, for programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table with commas, for programs.")] = False,
    explain: Annotated[
        Path | None, typer.Option("--explain", metavar="DIR", help="Write a picture per file here.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes that listen; 0 for one per core.")] = 0,
) -> None:
    r"""Say who composed it, who plays, which genre or key: whatever the model has learned.

    MIDI, WAV, FLAC, OGG, MP3, and what ffmpeg decodes. `unknown` is an answer. Exit status: 0 all
    identified, 1 some could not be heard, 2 wrong usage.

    \b
    earmark identify song.mid
    earmark identify ~/Music --csv > verdicts.csv
    earmark identify "takes/*.flac" --model models:/author@champion --explain why
    curl -s https://example.org/song.mp3 | earmark identify - --json
    """
    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")
    check_strictness(strictness)
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        verdicts = _identified(paths, model, strictness, explain, workers, Path(folder))
    if explain is not None and (drawn := sum(not verdict.error for verdict in verdicts)):
        print(f"{drawn} {'picture' if drawn == 1 else 'pictures'} in {printable(explain)}", file=sys.stderr)
    for verdict in verdicts:
        if verdict.error:
            print(f"earmark: error: {printable(verdict.path)}: {printable(verdict.error)}", file=sys.stderr)
        elif verdict.warning:
            print(
                f"earmark: warning: {printable(verdict.path)}: {printable(verdict.warning)}", file=sys.stderr
            )
    if as_json:
        print(json_text([verdict.as_dict() for verdict in verdicts]))
    elif as_csv:
        _print_csv(verdicts)
    else:
        _print_table([verdict for verdict in verdicts if not verdict.error])
    if any(verdict.error for verdict in verdicts):
        raise typer.Exit(1)


def _identified(
    paths: list[str], model: str, strictness: str, explain: Path | None, workers: int, scratch: Path
) -> list[Verdict]:
    from earmark.apps.commands.model_option import bundle_folder
    from earmark.identify.inputs import find_targets

    targets = find_targets(paths, scratch)
    folder = bundle_folder(model, scratch)
    from earmark.identify.identifier import Identifier

    identifier = Identifier.load(folder, strictness)
    if strictness and (dial := identifier.bundle.decision.dial) is not None:
        print(f"earmark: {dial.expectation(strictness)} (by validation pieces)", file=sys.stderr)
    if explain is None:
        results = identifier.identify_all(targets, workers)
    else:
        results = _explained(identifier, targets, workers, explain.expanduser())
    if len(targets) >= MANY:
        from earmark.foundation.progress import track

        results = track(results, len(targets), "identify", "files", stream=sys.stderr)
    return list(results)


def _explained(
    identifier: Identifier, targets: list[Target], workers: int, folder: Path
) -> Iterator[Verdict]:
    """Verdicts, with a picture of each in `folder`; pictures of files of one name are numbered."""
    from earmark.identify.explain import explain_verdict
    from earmark.identify.listen import hear_all

    taken: set[str] = set()
    for file in hear_all(identifier.recipe, targets, workers):
        verdict = identifier.verdict_on(file)
        if file.features is not None and not verdict.error:
            name = stem = file_stem(Path(verdict.path).name) if verdict.path != "-" else "stdin"
            number = 1
            while name in taken:
                number += 1
                name = f"{stem}-{number}"
            taken.add(name)
            explain_verdict(identifier, verdict, file.features, folder / f"{name}.png")
        yield verdict


def _print_csv(verdicts: list[Verdict]) -> None:
    """A program gets names as they are, a terminal what it may show."""
    from earmark.identify.verdict import FIELDS

    for line in csv_lines([FIELDS, *map(_cells, verdicts)]):
        print(printable(line[:-1]) if sys.stdout.isatty() else line[:-1])


def _cells(verdict: Verdict) -> list[object]:
    from earmark.identify.verdict import FIELDS

    row = verdict.as_dict()
    probabilities = row["probabilities"].items()
    row["probabilities"] = "; ".join(f"{label}: {value:g}" for label, value in probabilities)
    row["nearest"] = "; ".join(f"{other.label}: {other.title}" for other in verdict.neighbours)
    return ["" if row[name] is None else row[name] for name in FIELDS]


def _print_table(verdicts: list[Verdict]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not verdicts:
        return
    table = Table(expand=True)
    table.add_column("file", ratio=1, overflow="fold")
    table.add_column("verdict", min_width=13, overflow="fold")
    table.add_column("sure", justify="right", no_wrap=True)
    table.add_column("distance", justify="right", no_wrap=True)
    table.add_column("nearest training pieces (here → there)", ratio=2, overflow="fold")
    for verdict in verdicts:
        nearest = [
            printable(f"{other.starts[0]} → {other.starts[1]} {other.label}: {other.title}")
            for other in verdict.neighbours
        ]
        doubt = "" if verdict.label == verdict.nearest_label else f"\n({printable(verdict.nearest_label)}?)"
        # Confidence belongs to nearest_label: beside `unknown` it would be taken for that of `unknown`.
        sure = f"{verdict.confidence:.2f}" if verdict.label == verdict.nearest_label else ""
        cells = (
            Text(printable(Path(verdict.path).name)),
            Text(f"{printable(verdict.label)}{doubt}"),
            sure,
            f"{verdict.distance:.2f}",
        )
        table.add_row(*cells, Text("\n".join(nearest)))  # Text: a file called [red] is no markup
    Console(highlight=False).print(table)
