"""`earmark identify`: verdicts on files of music."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.apps.commands.model_option import Cache, Model, Strictness, check_strictness
from earmark.apps.commands.verdict_output import SORTS, Heard, Output, sort_key, summary
from earmark.foundation.words import file_stem, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    as_jsonl: Annotated[
        bool, typer.Option("--jsonl", help="An object a line as files are heard, for programs.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table with commas, for programs.")] = False,
    known_only: Annotated[
        bool, typer.Option("--known-only", help="Leave out what is unknown or could not be heard.")
    ] = False,
    sort: Annotated[
        str,
        typer.Option(
            metavar="|".join(SORTS), help="Print at the end, in this order.", show_default="as heard"
        ),
    ] = "",
    nearest: Annotated[
        bool | None,
        typer.Option(
            "--nearest/--no-nearest",
            help="Below each line the nearest training pieces.",
            show_default="for one file",
        ),
    ] = None,
    explain: Annotated[
        Path | None, typer.Option("--explain", metavar="DIR", help="Write a picture per file here.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes that listen; 0 for one per core.")] = 0,
    cache: Cache = True,
) -> None:
    r"""Say who composed it, who plays, which genre or key: whatever the model has learned.

    MIDI, WAV, FLAC, OGG, MP3, and what ffmpeg decodes. A line a file: verdict, confidence, name.
    `unknown` is an answer. Exit status: 0 all identified, 1 some could not be heard, 2 wrong usage.

    \b
    earmark identify song.mid
    earmark identify ~/Music --known-only --sort verdict
    earmark identify ~/Music --csv > verdicts.csv
    earmark identify "takes/*.flac" --model models:/author@champion --explain why
    curl -s https://example.org/song.mp3 | earmark identify - --jsonl
    """
    forms = [form for form, wanted in (("json", as_json), ("jsonl", as_jsonl), ("csv", as_csv)) if wanted]
    if len(forms) > 1:
        raise typer.BadParameter("choose one of --json, --jsonl and --csv")
    if sort and sort not in SORTS:
        raise typer.BadParameter(f"--sort {sort} is none of {', '.join(SORTS)}")
    check_strictness(strictness)
    form = forms[0] if forms else "lines"
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="earmark-") as scratch:
        identifier, targets = _prepared(paths, model, strictness, cache, Path(scratch))
        output = Output(
            form,
            identifier.labels,
            nearest=len(targets) == 1 if nearest is None else nearest,
            full_names=len(paths) > 1,
        )
        verdicts = _print_all(identifier, targets, output, form, known_only, sort, explain, workers)
    if explain is not None and (drawn := sum(not verdict.error for verdict in verdicts)):
        print(f"{drawn} {'picture' if drawn == 1 else 'pictures'} in {printable(explain)}", file=sys.stderr)
    if len(verdicts) > 1:
        print(summary(verdicts, time.monotonic() - started), file=sys.stderr)
    if any(verdict.error for verdict in verdicts):
        raise typer.Exit(1)


def _prepared(
    paths: list[str], model: str, strictness: str, cache: bool, scratch: Path
) -> tuple[Identifier, list[Target]]:
    from earmark.apps.commands.model_option import bundle_folder, kept
    from earmark.identify.inputs import find_targets

    targets = find_targets(paths, scratch)
    folder = bundle_folder(model, scratch)
    from earmark.identify.identifier import Identifier

    identifier = Identifier.load(folder, strictness, kept(cache))
    if strictness and (dial := identifier.bundle.decision.dial) is not None:
        print(f"earmark: {dial.expectation(strictness)} (by validation pieces)", file=sys.stderr)
    return identifier, targets


def _print_all(
    identifier: Identifier,
    targets: Sequence[Target],
    output: Output,
    form: str,
    known_only: bool,
    sort: str,
    explain: Path | None,
    workers: int,
) -> list[Verdict]:
    """Print the verdicts as they come, or sorted at the end; return all of them."""
    if explain is None:
        results = identifier.identify_all(targets, workers)
    else:
        results = _explained(identifier, targets, workers, explain.expanduser())
    streams = not sort and form != "json"
    # Lines that appear on a terminal are progress enough, and a bar would be drawn over them.
    if len(targets) >= MANY and not (streams and sys.stdout.isatty()):
        from earmark.foundation.progress import track

        results = track(results, len(targets), "identify", "files", stream=sys.stderr)
    heard: list[Heard] = []
    for target, verdict in zip(targets, results, strict=True):
        heard.append((target, verdict))
        _tell(verdict)
        if streams and _wanted(verdict, known_only):
            output.add(target, verdict)
    if not streams:
        for target, verdict in sorted(heard, key=sort_key(sort)) if sort else heard:
            if _wanted(verdict, known_only):
                output.add(target, verdict)
    output.end()
    return [verdict for _, verdict in heard]


def _tell(verdict: Verdict) -> None:
    """Print what is wrong with a file."""
    if verdict.error:
        print(f"earmark: error: {printable(verdict.path)}: {printable(verdict.error)}", file=sys.stderr)
    elif verdict.warning:
        print(f"earmark: warning: {printable(verdict.path)}: {printable(verdict.warning)}", file=sys.stderr)


def _wanted(verdict: Verdict, known_only: bool) -> bool:
    return not known_only or (not verdict.error and verdict.label == verdict.nearest_label)


def _explained(
    identifier: Identifier, targets: Sequence[Target], workers: int, folder: Path
) -> Iterator[Verdict]:
    """Verdicts, with a picture of each in `folder`, below it as the file lies below its own folder.

    Pictures of files of one name are numbered.
    """
    from earmark.identify.explain import explain_verdict
    from earmark.identify.listen import hear_all

    taken: set[Path] = set()
    for file in hear_all(identifier.recipe, targets, workers):
        verdict = identifier.verdict_on(file)
        if file.features is not None and not verdict.error:
            place = Path(file.target.within or Path(file.target.name).name)
            stem = "stdin" if verdict.path == "-" else file_stem(place.name)
            picture = place.with_name(f"{stem}.png")
            number = 1
            while picture in taken:
                number += 1
                picture = place.with_name(f"{stem}-{number}.png")
            taken.add(picture)
            explain_verdict(identifier, verdict, file.features, folder / picture)
        yield verdict
