"""The reference of commands, from the Typer application itself."""

from __future__ import annotations

from typing import Any

import typer

from earmark.apps.cli import app


def commands() -> str:
    """The page: every command with its text, arguments and options."""
    head = (
        "# Commands\n\nMade from the program itself: what `earmark COMMAND --help` prints. "
        "Exit status of every command: 0 all done, 1 some files could not be processed, 2 nothing was done."
    )
    sections = [
        _section(command, names) for command, names in _leaves(typer.main.get_command(app), ["earmark"])
    ]
    return "\n\n".join([head, *sections]) + "\n"


def _leaves(command: Any, names: list[str]) -> list[tuple[Any, list[str]]]:
    """The commands that run, those of a group under the group's name."""
    if not hasattr(command, "commands"):
        return [(command, names)]
    return [leaf for name, member in command.commands.items() for leaf in _leaves(member, [*names, name])]


def _section(command: Any, names: list[str]) -> str:
    """A command: its usage, its text, a table of its arguments and options."""
    name = " ".join(names)
    context = command.context_class(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [f"## {name}", f"```text\n{name} {usage}\n```", _text(command.help or "")]
    records = [parameter.get_help_record(context) for parameter in command.params]
    rows = [
        f"| `{_cell(option)}` | {_cell(text).replace('<', '&lt;')} |"
        for option, text in filter(None, records)
    ]
    if rows:
        parts.append("\n".join(["| argument, option | means |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _text(help_text: str) -> str:
    """Paragraphs; those that keep their lines, behind a backspace, are examples."""
    return "\n\n".join(
        f"```console\n{text.removeprefix(chr(8)).strip()}\n```" if text.startswith("\b") else text
        for text in help_text.replace("\\[", "[").split("\n\n")  # Rich's brackets
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
