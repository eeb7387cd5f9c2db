"""`earmark init`: make a folder a project of one's own."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from earmark.foundation.words import printable


def init(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="The folder; made where it is missing.", show_default="here"),
    ] = Path("."),
    example: Annotated[
        str,
        typer.Option(
            "--example", metavar="NAME", help="composer, key, genre or author, learned from earmark's corpus."
        ),
    ] = "",
    git: Annotated[
        bool, typer.Option("--git/--no-git", help="Make a git repository where there is none.")
    ] = True,
) -> None:
    r"""Make a folder in which `dvc repro`, runs, sweeps and the other commands work.

    It gets the pipeline (dvc.yaml, stages/), the settings that differ from earmark's own
    (overrides.yaml), a place for choices of your own (conf/), git and DVC, and a README. What is
    there already stays. Run it again after an upgrade of earmark, or on another machine.

    \b
    earmark init music
    earmark init music --example key
    """
    from earmark.pipeline.project.files import DEFAULT_EXPERIMENT, next_commands
    from earmark.pipeline.project.making import make_project

    made = make_project(folder, example, git)
    place = printable(os.path.abspath(folder))
    if made.is_checkout:
        print(f"{place} is a checkout of earmark, which is a project already: nothing to do")
        return
    changed = [f"updated {name}" for name in made.updated]
    if not made.written and not changed:
        print(f"{place} is a project already: nothing to do")
    elif "dvc.yaml" in made.written:
        print(f"{place} is a project of earmark now")
    else:
        print(f"{place}: {', '.join([*changed, *(f'wrote {name}' for name in made.written)])}")
    for name in made.kept:
        print(f"earmark: warning: {name} was changed here and stays as it is", file=sys.stderr)
    for remark in made.remarks:
        print(f"earmark: warning: {remark}", file=sys.stderr)
    if "dvc.yaml" in made.written:
        here = os.path.realpath(folder) == os.path.realpath(".")
        commands = next_commands(example or DEFAULT_EXPERIMENT, bool(example))
        place = os.path.expanduser(folder)
        goto = [] if here else [f"cd {shlex.quote(f'./{place}' if place.startswith('-') else place)}"]
        print("next:", *(printable(line) for line in (*goto, *commands)), sep="\n  ")
