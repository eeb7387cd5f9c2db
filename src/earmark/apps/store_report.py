"""What `earmark cache` prints: contents of the store, what is removed, what is damaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import json_text, printable
from earmark.foundation.workspace import Workspace

if TYPE_CHECKING:
    from earmark.store import Store

EXAMPLES = 10  # damaged files whose other names are listed


def print_damage(damaged: int, dry_run: bool, shared: set[tuple[int, int]]) -> None:
    """How many entries are damaged, and the other names of their bytes.

    Args:
        damaged: Their number.
        dry_run: Whether they were left there.
        shared: Device and inode of those that have other names.
    """
    print(f"{damaged:,} damaged: {'left there, a dry run' if dry_run else 'removed, to be computed anew'}.")
    if not shared:
        return
    from earmark.pipeline.references import names_of

    try:
        names = sorted(map(str, names_of(shared, Workspace.find().project)))
    except EarmarkError:  # a store on its own
        names = []
    if names:
        print("The same damaged bytes have these names, too; `rm -f` them, then `dvc repro`:")
        print("\n".join(f"  {printable(name)}" for name in names[:EXAMPLES]))
        if len(names) > EXAMPLES:
            print(f"  and {len(names) - EXAMPLES:,} more")


def print_removal(place: Store, gone: dict[str, Counter], kept: Counter, freed: int, write: bool) -> None:
    """What `earmark cache gc` removes, by kind, and why the rest is kept.

    Args:
        place: The store.
        gone: Counts of entries, leftovers, bytes and kept entries of each kind.
        kept: Entries that are kept, by reason.
        freed: Bytes.
        write: Whether it was done; else it is a dry run.
    """
    rows = [
        (
            kind,
            f"{row['entries']:,}",
            f"{row['leftovers']:,}",
            size_text(row["bytes"]),
            f"{row['kept']:,}",
        )
        for kind, row in sorted(gone.items())
    ]
    _print_table(("kind", "entries", "leftovers", "size", "kept"), rows)
    if kept:
        print("Kept: " + ", ".join(f"{number:,} {reason}" for reason, number in sorted(kept.items())) + ".")
    number = sum(row["entries"] + row["leftovers"] for row in gone.values())
    files = f"{number:,} file{'' if number == 1 else 's'}, {size_text(freed)}"
    if write:
        print(f"Removed from {printable(place.root)}: {files}.")
    else:
        print(
            f"Dry run: {files} to remove from {printable(place.root)}{': --write does it' if number else ''}."
        )


def print_contents(contents: dict[str, Any]) -> None:
    """What `earmark cache ls` found, as tables."""
    print(printable(contents["store"]))
    rows = [
        (kind, f"{row['entries']:,}", size_text(row["bytes"]), f"{row['linked']:,}")
        for kind, row in contents["kinds"].items()
    ]
    linked = sum(row["linked"] for row in contents["kinds"].values())
    rows.append(("all", f"{contents['entries']:,}", size_text(contents["bytes"]), f"{linked:,}"))
    _print_table(("kind", "entries", "size", "linked"), rows)
    if contents["heard"] is not None:
        print_heard(contents["heard"], as_json=False)
    if number := contents["leftovers"]["files"]:
        size = size_text(contents["leftovers"]["bytes"])
        print(f"Left by killed writers: {number:,} files, {size}; `earmark cache gc --write` removes them.")
    if number := contents["being_written"]["files"]:
        print(f"Being written: {number:,} files, {size_text(contents['being_written']['bytes'])}.")


def _print_table(columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        Console(highlight=False).print(table)


def print_heard(heard: dict[str, Any], as_json: bool) -> None:
    """What `identify` and `tag` have kept, where there is no store."""
    if as_json:
        print(json_text({"store": None, "heard": heard}))
    else:
        print(f"Heard: {heard['files']:,} files, {size_text(heard['bytes'])} in {heard['folder']}.")


def size_text(number: int) -> str:
    """A number of bytes as people read it: 1.2 MB."""
    from rich.filesize import decimal

    return decimal(number)
