"""Stage features: every sound piece through the front end, whole, once; stored as float16."""

from __future__ import annotations

from functools import partial

from earmark import features  # noqa: F401  (a config chooses among its members: all of them count)
from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table, write_table
from earmark.music.extract import extract
from earmark.pipeline.context import Context
from earmark.pipeline.settings.schema import Config
from earmark.store.outputs import Task, fill


def run(config: Config, workspace: Workspace) -> None:
    """Make `data/features/<piece_id>.npy` of every sound piece, and the table of their digests.

    What fails stops the run: validate has let pass only what a front end can work on.
    """
    context = Context(config, workspace)
    pieces = read_table(workspace.pieces)
    digests = read_table(workspace.audio_table).set_index("piece_id").sha256
    recipe = config.recipe(workspace)
    shared = recipe.features_key()

    def task(piece_id: str) -> Task:
        key = context.store.key(wav=digests[piece_id], **shared)
        make = partial(extract, workspace.audio / f"{piece_id}.wav", recipe.front_end)
        return Task(piece_id, key, f"{piece_id}.npy", make)

    tasks = [task(piece_id) for piece_id in pieces.piece_id]
    reasons = fill(context.store, context.executor, "features", tasks, workspace.features, "features")
    if reasons:
        piece_id, reason = next(iter(reasons.items()))
        raise EarmarkError(f"features of {len(reasons)} pieces failed, the first: {piece_id}: {reason}")
    write_table(context.digest_table("features", tasks, reasons), workspace.features_table)
    say(f"features: {len(tasks)} pieces, {type(recipe.front_end).__name__}")
