"""Settings of `earmark tag` that are kept in a file, and options that may stand without a value.

`earmark tag ~/Music --key` means the bundle that the file names, or the one that comes along. What is typed
wins over the file.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.words import printable

if TYPE_CHECKING:
    from typer import Context

MODELS = ("composer", "genre", "key")
SETTINGS: dict[str, type] = {
    **dict.fromkeys(MODELS, str),
    "bpm": bool,
    "genres": int,
    "key-notation": str,
    "strictness": str,
    "ask": bool,
    "workers": int,
    "cache": bool,
}
"""What the file may set, and the type of each value; a model may be `true` for the one that comes along."""


class TagCommand(TyperCommand):
    """A command whose defaults come from a file, and whose models are the package's by default."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Read the file, complete options without a value, then parse."""
        settings = {} if {"--undo", "--help"} & {arg.partition("=")[0] for arg in args} else read_settings()
        if settings:
            names = ", ".join(settings)
            print(f"earmark: {printable(settings_file())} sets {names}", file=sys.stderr)
        ctx.default_map = {name.replace("-", "_"): value for name, value in settings.items()}
        return super().parse_args(ctx, completed(args, settings))


def settings_file() -> Path:
    """Where the settings are: `~/.config/earmark/tag.toml` on Linux."""
    return Path(typer.get_app_dir("earmark")) / "tag.toml"


def read_settings(file: Path | None = None) -> dict[str, Any]:
    """Read the settings.

    Args:
        file: Their file; `settings_file()` by default.

    Returns:
        Values by the names of SETTINGS; nothing where there is no file.

    Raises:
        EarmarkError: It cannot be read, or sets what there is not.
    """
    file = file or settings_file()
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EarmarkError(f"{file} cannot be read: {describe(error)}") from error
    settings: dict[str, Any] = {}
    for written, value in content.items():
        name = written.replace("_", "-")
        if name not in SETTINGS:
            raise EarmarkError(
                f"{file}: {printable(written)} is no setting of earmark tag: {', '.join(SETTINGS)}"
            )
        if name in MODELS and isinstance(value, bool):
            value = name if value else ""
        if type(value) is not SETTINGS[name]:
            kind = {str: "a text in quotes", bool: "true or false", int: "a whole number"}[SETTINGS[name]]
            raise EarmarkError(f"{file}: {name} must be {kind}")
        settings[name] = value
    return settings


def completed(args: list[str], settings: Mapping[str, Any]) -> list[str]:
    """Give `--composer`, `--genre` and `--key` a value where none follows.

    Args:
        args: What was typed. A value is what does not begin with a dash.
        settings: Of the file: the bundle of each, or else its own name stands for the one that comes along.
    """
    result = []
    for place, word in enumerate(args):
        result.append(word)
        following = args[place + 1] if place + 1 < len(args) else "--"
        kind = word.removeprefix("--")
        if word.startswith("--") and kind in MODELS and following.startswith("-"):
            result.append(settings.get(kind) or kind)
    return result
