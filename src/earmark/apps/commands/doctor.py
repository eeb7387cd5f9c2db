"""`earmark doctor`: what is wrong around earmark, and the line that mends it."""

from __future__ import annotations

from pathlib import Path

import typer

from earmark.foundation.words import printable


def doctor() -> None:
    r"""Look at what earmark needs: libraries, soundfont, accelerator, disk, store, MLflow.

    Prints a line for each, and below what is wrong the line that mends it. Exit status 1 where something
    is wrong.

    \b
    earmark doctor
    """
    from earmark.apps.surroundings import findings

    wrong = 0
    for found in findings(Path.cwd()):
        print(f"{'WRONG' if found.mend else 'ok':6}{found.what}: {printable(found.said)}", flush=True)
        if found.mend:
            wrong += 1
            print(f"      mend: {printable(found.mend)}", flush=True)
    if wrong:
        raise typer.Exit(1)
