"""The command `earmark`. A command's libraries are imported when it runs, so that `--help` is quick.

Exit status of every command: 0 all done; 1 some files could not be processed; 2 nothing was done, because of
wrong usage, an unknown model or a missing library.
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
from earmark.apps.commands.doctor import doctor
from earmark.apps.commands.enroll import enroll
from earmark.apps.commands.identify import identify
from earmark.apps.commands.init import init
from earmark.apps.commands.leaderboard import leaderboard
from earmark.apps.commands.promote import promote
from earmark.apps.commands.publish import publish
from earmark.apps.commands.serve import serve
from earmark.apps.commands.tag import tag
from earmark.apps.commands.tag_settings import TagCommand
from earmark.apps.commands.transcribe import transcribe
from earmark.apps.commands.ui import ui
from earmark.apps.commands.use import use
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.foundation.errors import describe as describe_error
from earmark.foundation.words import never_refuse

EXTRAS = {
    **dict.fromkeys(("torch", "torchaudio", "pandas", "scipy", "sklearn", "mir_eval", "filelock"), "train"),
    "matplotlib": "describe",
    **dict.fromkeys(("hydra", "omegaconf", "dvc"), "pipeline"),
    "mlflow": "mlflow",
    "mirdata": "mirdata",
    **dict.fromkeys(("fastapi", "fastapi_offline", "prometheus_client", "multipart", "uvicorn"), "serve"),
}
"""Which extra of the package brings a library."""

IN_PIPELINE = ("train", "describe", "mlflow")
"""Extras that the extra `pipeline` brings along."""

OF_A_PROJECT = ("publish", "use", "leaderboard", "promote", "ui")
"""Commands that need several of these: `pipeline` is named in their place."""


class _Commands(TyperGroup):
    """The group of commands: an EarmarkError becomes one line, and status 1 for a file, else 2."""

    def invoke(self, ctx: typer.Context) -> Any:
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            extra = EXTRAS.get((error.name or "").partition(".")[0])
            if extra is None:
                raise
            if ctx.invoked_subcommand in OF_A_PROJECT and extra in IN_PIPELINE:
                extra = "pipeline"
            line = f"this needs {error.name}, which is not installed: pip install 'earmark[{extra}]'"
            print(f"earmark: error: {line}", file=sys.stderr)
            raise SystemExit(2) from error
        except OSError as error:
            if isinstance(error, BrokenPipeError) or not error.strerror:
                raise
            print(f"earmark: error: {describe_error(error)}", file=sys.stderr)
            raise typer.Exit(2) from error
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


def help_of(command: Callable[..., None]) -> str:
    r"""The help text of a command: its docstring, for any width of terminal.

    Args:
        command: Paragraphs of its docstring that begin with a line `\b` keep their lines; others are wrapped.
    """
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(
        text.replace("\\b", "\b", 1) if text.startswith("\\b\n") else " ".join(text.split("\n"))
        for text in paragraphs
    )


COMMANDS = (
    *(identify, serve, demo, describe, transcribe, tag, publish, enroll, compare),
    *(init, use, leaderboard, promote, ui, doctor),
)
for command in COMMANDS:
    app.command(help=help_of(command), cls=TagCommand if command is tag else None)(command)
for command in (cache.ls, cache.gc, cache.verify):
    cache.app.command(help=help_of(command))(command)
app.add_typer(cache.app, name="cache")


def main() -> None:
    """Run the console script."""
    never_refuse()
    app()
