"""`earmark identify`: any file in, verdict out."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.apps.commands.model_option import Model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earmark.identify.identifier import Identifier
    from earmark.identify.inputs import Target
    from earmark.identify.verdict import Verdict

MANY = 4  # files from which on progress is shown
CSV_COLUMNS = ["path", "verdict", "confidence", "distance", "nearest", "error"]


def identify(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files, folders, globs; - reads standard input.")
    ],
    model: Model = "",
    as_json: Annotated[bool, typer.Option("--json", help="A list of objects, for programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table with commas, for programs.")] = False,
    explain: Annotated[
        Path | None, typer.Option("--explain", metavar="DIR", help="Write a picture per file here.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes that listen; 0 for one per core.")] = 0,
) -> None:
    """Say who composed it, who plays, which genre or key: whatever the model has learned.

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
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        found = _identified(paths, model, explain, workers, Path(folder))
    if explain is not None and (drawn := sum(not item.error for item in found)):
        print(f"{drawn} {'picture' if drawn == 1 else 'pictures'} in {explain}", file=sys.stderr)
    for item in found:
        if item.error:
            print(f"earmark: error: {item.path}: {item.error}", file=sys.stderr)
    if as_json:
        print(json.dumps([item.as_dict() for item in found], indent=2, ensure_ascii=False))
    elif as_csv:
        _print_csv(found)
    else:
        _print_table([item for item in found if not item.error])
    if any(item.error for item in found):
        raise typer.Exit(1)


def _identified(
    paths: list[str], model: str, explain: Path | None, workers: int, scratch: Path
) -> list[Verdict]:
    from earmark.apps.commands.model_option import bundle_folder
    from earmark.identify.inputs import find_targets

    targets = find_targets(paths, scratch)
    folder = bundle_folder(model, scratch)
    from earmark.identify.identifier import Identifier

    identifier = Identifier.load(folder)
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
    """Verdicts, a picture of each; files of one name in two folders have a number more."""
    from earmark.identify.explain import explain_verdict
    from earmark.identify.listen import hear_all

    taken: set[str] = set()
    for heard in hear_all(identifier.recipe, targets, workers):
        found = identifier.verdict_on(heard)
        if not found.error:
            name = stem = Path(found.path).name if found.path != "-" else "stdin"
            number = 1
            while name in taken:
                number += 1
                name = f"{stem}-{number}"
            taken.add(name)
            explain_verdict(identifier, found, heard.features, folder / f"{name}.png")
        yield found


def _print_csv(found: list[Verdict]) -> None:
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for item in found:
        row = item.as_dict()
        row["nearest"] = "; ".join(f"{other.label}: {other.title}" for other in item.neighbours)
        writer.writerow(["" if row[name] is None else row[name] for name in CSV_COLUMNS])


def _print_table(found: list[Verdict]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not found:
        return
    table = Table(expand=True)
    table.add_column("file", ratio=1, overflow="fold")
    table.add_column("verdict", min_width=13, overflow="fold")
    table.add_column("sure", justify="right", no_wrap=True)
    table.add_column("distance", justify="right", no_wrap=True)
    table.add_column("nearest training pieces (here → there)", ratio=2, overflow="fold")
    for item in found:
        nearest = "\n".join(
            f"{other.starts[0]} → {other.starts[1]} {other.label}: {other.title}" for other in item.neighbours
        )
        doubt = "" if item.label == item.nearest_label else f"\n({item.nearest_label}?)"
        said = f"{item.label}{doubt}"
        # Text: a file called [red] is no markup.
        # How sure it is of the label that it does not give would read as how sure it is of unknown.
        sure = f"{item.confidence:.2f}" if item.label == item.nearest_label else ""
        cells = Text(Path(item.path).name), Text(said), sure, f"{item.distance:.2f}"
        table.add_row(*cells, Text(nearest))
    Console(highlight=False).print(table)
