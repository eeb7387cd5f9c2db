"""The command `earmark`. It imports no more than the options need: what a command needs it imports itself.

Exit status, for every command: 0 all is done, 1 some files could not be, 2 nothing was: wrong usage, no such
model, a library that is missing.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from earmark import __version__
from earmark.apps.commands import cache
from earmark.apps.commands.compare import compare
from earmark.apps.commands.demo import demo
from earmark.apps.commands.describe import describe
from earmark.apps.commands.enroll import enroll
from earmark.apps.commands.identify import identify
from earmark.apps.commands.leaderboard import leaderboard
from earmark.apps.commands.promote import promote
from earmark.apps.commands.publish import publish
from earmark.apps.commands.tag import tag
from earmark.apps.commands.ui import ui
from earmark.apps.commands.use import use
from earmark.foundation.errors import EarmarkError, PieceError


class _Commands(TyperGroup):
    """A user's mistake is one line, and its status says whether it was a file's."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except EarmarkError as error:
            print(f"earmark: error: {error}", file=sys.stderr)
            raise typer.Exit(1 if isinstance(error, PieceError) else 2) from error


app = typer.Typer(
    name="earmark",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Listens to music and says who composed it, or honestly says unknown.",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"earmark {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def help_of(command: Callable) -> str:
    """Its docstring for any width of terminal: paragraphs flow, those after a \\b stay as they are."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(text if text.startswith("\b") else " ".join(text.split("\n")) for text in paragraphs)


for command in (identify, demo, describe, tag, publish, enroll, compare, use, leaderboard, promote, ui):
    app.command(help=help_of(command))(command)
for command in (cache.ls, cache.gc, cache.verify):
    cache.app.command(help=help_of(command))(command)
app.add_typer(cache.app, name="cache")


def main() -> None:
    """The console script."""
    app()
