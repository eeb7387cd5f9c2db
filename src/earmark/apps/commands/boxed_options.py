"""Options that may stand without a value: `earmark tag ~/Music --key` means the bundle that comes along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.core import TyperCommand

if TYPE_CHECKING:
    from typer import Context

KINDS = ("composer", "genre", "key")


class TagCommand(TyperCommand):
    """A command whose `--composer`, `--genre` and `--key` mean the package's bundles by default."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Complete options without a value, then parse."""
        return super().parse_args(ctx, completed(args))


def completed(args: list[str]) -> list[str]:
    """Give `--composer`, `--genre` and `--key` their own name where no value follows.

    Args:
        args: What was typed. A value is what does not begin with a dash.
    """
    result = []
    for place, word in enumerate(args):
        result.append(word)
        following = args[place + 1] if place + 1 < len(args) else "--"
        if word in {f"--{kind}" for kind in KINDS} and following.startswith("-"):
            result.append(word.removeprefix("--"))
    return result
