"""Stage split: works are dealt into train, validation and test."""

from __future__ import annotations

from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table, write_table
from earmark.music.splits import split_pieces
from earmark.pipeline.settings.schema import Config


def run(config: Config, workspace: Workspace) -> None:
    """Write `data/splits.csv`."""
    table = split_pieces(read_table(workspace.pieces), config.split)
    write_table(table, workspace.splits)
    counts = table[table.role == "known"].groupby("split").group.agg(["size", "nunique"])
    parts = [
        f"{split} {counts['size'][split]} pieces of {counts['nunique'][split]} works"
        for split in ("train", "validation", "test")
    ]
    unknown = table[table.role != "known"].role.value_counts().sort_index()
    parts += [f"{role} {count}" for role, count in unknown.items()]
    say(f"split: {', '.join(parts)}")
