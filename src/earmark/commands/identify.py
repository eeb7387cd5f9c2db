"""`earmark identify`: any file in, verdict out."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.commands.model_option import Model
from earmark.errors import EarmarkError

if TYPE_CHECKING:
    from earmark.identify.identifier import Identification, Identifier

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
        scratch = Path(folder)
        try:
            found = _identified(paths, model, explain, workers, scratch, quiet=as_json or as_csv)
        except EarmarkError as error:
            print(f"earmark: error: {error}", file=sys.stderr)
            raise typer.Exit(2) from error
    for item in found:
        if item.error:
            print(f"earmark: error: {item.path}: {item.error}", file=sys.stderr)
    if as_json:
        print(json.dumps([item.plain() for item in found], indent=2, ensure_ascii=False))
    elif as_csv:
        _print_csv(found)
    else:
        _print_table([item for item in found if not item.error])
    if any(item.error for item in found):
        raise typer.Exit(1)


def _identified(
    paths: list[str], model: str, explain: Path | None, workers: int, scratch: Path, quiet: bool
) -> list[Identification]:
    from earmark.identify.inputs import find_targets
    from earmark.identify.locate import find_bundle

    targets = find_targets(paths, scratch)
    folder = find_bundle(model, scratch)
    from earmark.identify.identifier import Identifier

    identifier = Identifier.load(folder)
    if explain is not None:
        found = [_explained(identifier, target, explain.expanduser()) for target in targets]
    else:
        from earmark.progress import track

        results = identifier.identify_all(targets, workers)
        if len(targets) >= MANY and not quiet:
            results = track(results, len(targets), "identify", "files")
        found = list(results)
    return found


def _explained(identifier: Identifier, target: object, folder: Path) -> Identification:
    from earmark.identify.explain import explain_verdict

    found, features = identifier.identify_with_features(target)
    if features is not None:
        picture = folder / f"{Path(found.path).name or 'stdin'}.png"
        explain_verdict(identifier, found, features, picture)
        print(f"picture: {picture}", file=sys.stderr)
    return found


def _print_csv(found: list[Identification]) -> None:
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for item in found:
        row = item.plain()
        row["nearest"] = "; ".join(f"{other.label}: {other.title}" for other in item.nearest)
        writer.writerow(["" if row[name] is None else row[name] for name in CSV_COLUMNS])


def _print_table(found: list[Identification]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not found:
        return
    table = Table(expand=True)
    table.add_column("file", ratio=1, overflow="fold")
    table.add_column("verdict", min_width=10, overflow="fold")
    table.add_column("sure", justify="right", no_wrap=True)
    table.add_column("distance", justify="right", no_wrap=True)
    # Cut to the width of the terminal: --json has all of it.
    table.add_column("nearest training pieces (here → there)", ratio=2, no_wrap=True)
    for item in found:
        nearest = "\n".join(
            f"{other.starts[0]} → {other.starts[1]} {other.label}: {other.title}" for other in item.nearest
        )
        doubt = "" if item.verdict == item.nearest_label else f" ({item.nearest_label}?)"
        said = f"{item.verdict}{doubt}"
        # Text: a file called [red] is no markup.
        # How sure it is of the label that it does not give would read as how sure it is of unknown.
        sure = f"{item.confidence:.2f}" if item.verdict == item.nearest_label else ""
        cells = Text(Path(item.path).name), Text(said), sure, f"{item.distance:.2f}"
        table.add_row(*cells, Text(nearest))
    Console(highlight=False).print(table)
