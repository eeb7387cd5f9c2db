"""Stage describe: a row of numbers for every sound piece, in `data/descriptors.csv`."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from earmark.foundation.closure import code_version
from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.identify.describe.numbers import describe_file
from earmark.music.catalog import read_table, write_table
from earmark.music.recipe import Recipe
from earmark.pipeline.context import Context
from earmark.pipeline.settings.schema import Config
from earmark.store.fill import Task, fill

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
    recipe = config.recipe(workspace)

    def task(piece: Any) -> Task:
        name = piece.piece_id
        if name in digests.index:
            key = context.store.key(wav=digests[name], code=code)
            return Task(name, key, f"{name}.json", partial(_describe, workspace.audio / f"{name}.wav"))
        # Its features are made of its notes: it was not played yet.
        key = context.store.key(midi=piece.sha256, code=code, **recipe.wav_key(piece.media))
        return Task(name, key, f"{name}.json", partial(_play_and_describe, recipe, workspace.raw / piece.raw))

    tasks = [task(piece) for piece in pieces.itertuples()]
    folder = workspace.data / "descriptors"
    reasons = fill(context.store, context.executor, "descriptors", tasks, folder, "describe")
    if reasons:
        piece_id, reason = next(iter(reasons.items()))
        raise EarmarkError(f"describing {len(reasons)} pieces failed, the first: {piece_id}: {reason}")
    rows = [json.loads((folder / task.name).read_text(encoding="utf-8")) for task in tasks]
    table = pd.concat([pieces[IDENTITY], pd.DataFrame(rows)], axis=1)
    write_table(table, workspace.data / "descriptors.csv")
    say(f"describe: {len(table)} pieces, {len(table.columns) - len(IDENTITY)} numbers each")


def _play_and_describe(recipe: Recipe, midi: Path, destination: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        wav = Path(folder) / "sound.wav"
        recipe.wav(midi, wav)
        _describe(wav, destination)


def _describe(wav: Path, destination: Path) -> None:
    destination.write_text(json.dumps(describe_file(wav)), encoding="utf-8")
