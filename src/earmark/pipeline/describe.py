"""Stage describe: a row of numbers for every sound piece, in `data/descriptors.csv`."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pandas as pd

from earmark.foundation.closure import code_version
from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.identify.describe.numbers import describe_file
from earmark.music.catalog import read_table, write_table
from earmark.pipeline.context import Context
from earmark.pipeline.settings.schema import Config
from earmark.store.outputs import Task, fill

IDENTITY = ["piece_id", "label", "group", "role", "title"]


def run(config: Config, workspace: Workspace) -> None:
    """Describe the pipeline's WAV of every piece of `data/pieces.csv`.

    It has the instruments and the tempo that the stage render gave it. Writes a JSON file for each piece into
    `data/descriptors/`, and all of them into the table.

    Raises:
        EarmarkError: A piece cannot be described.
    """
    context = Context(config, workspace)
    pieces = read_table(workspace.pieces)
    digests = read_table(workspace.audio_table).set_index("piece_id").sha256
    code = code_version("earmark.identify.describe.numbers")
    tasks = [
        Task(
            piece_id,
            context.store.key(wav=digests[piece_id], code=code),
            f"{piece_id}.json",
            partial(_describe, workspace.audio / f"{piece_id}.wav"),
        )
        for piece_id in pieces.piece_id
    ]
    folder = workspace.data / "descriptors"
    reasons = fill(context.store, context.executor, "descriptors", tasks, folder, "describe")
    if reasons:
        piece_id, reason = next(iter(reasons.items()))
        raise EarmarkError(f"describing {len(reasons)} pieces failed, the first: {piece_id}: {reason}")
    rows = [json.loads((folder / task.name).read_text(encoding="utf-8")) for task in tasks]
    table = pd.concat([pieces[IDENTITY], pd.DataFrame(rows)], axis=1)
    write_table(table, workspace.data / "descriptors.csv")
    say(f"describe: {len(table)} pieces, {len(table.columns) - len(IDENTITY)} numbers each")


def _describe(wav: Path, destination: Path) -> None:
    import torch

    torch.set_num_threads(1)  # the parallelism is over pieces
    destination.write_text(json.dumps(describe_file(wav)), encoding="utf-8")
