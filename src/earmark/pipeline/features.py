"""Stage features: every sound piece through the front end, whole, once; stored as float16."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from earmark import features  # noqa: F401  (a config chooses among its members: all of them count)
from earmark.foundation.errors import EarmarkError
from earmark.foundation.libraries import processor_kernel
from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table, write_table
from earmark.music.extract import extract, write_features
from earmark.music.recipe import Recipe
from earmark.music.renderings import rendering, rendering_names
from earmark.pipeline.context import Context
from earmark.pipeline.settings.schema import Config
from earmark.store.fill import Task, fill


def run(config: Config, workspace: Workspace) -> None:
    """Make `data/features/<piece_id>.npy` of every sound piece, and the table of their digests.

    What fails stops the run: validate has let pass only what a front end can work on.
    """
    context = Context(config, workspace)
    pieces = read_table(workspace.pieces)
    digests = read_table(workspace.audio_table).set_index("piece_id").sha256
    recipe = config.recipe(workspace)
    shared = recipe.features_key()

    def task(piece: Any) -> Task:
        name = piece.piece_id
        if recipe.reads_notes(piece.media):
            key = context.store.key(midi=piece.sha256, **recipe.notes_key())
            make = partial(_write_notes, recipe, workspace.raw / piece.raw)
        else:
            key = context.store.key(wav=digests[name], **shared)
            make = partial(_write_features, recipe, workspace.audio / f"{name}.wav", shared["processor"])
        return Task(name, key, f"{name}.npy", make)

    def further(piece: Any) -> list[Task]:
        settings, tasks = config.renderings, []
        for number, name in enumerate(rendering_names(piece.piece_id, settings), 1):
            if name in digests.index:  # it could be rendered
                other = rendering(recipe, settings, piece.sha256, number)
                shared = other.features_key()
                key = context.store.key(wav=digests[name], **shared)
                make = partial(_write_features, other, workspace.audio / f"{name}.wav", shared["processor"])
                tasks.append(Task(name, key, f"{name}.npy", make))
        return tasks

    own = [task(piece) for piece in pieces.itertuples()]
    tasks = [*own, *(more for piece in pieces.itertuples() for more in further(piece))]
    reasons = fill(context.store, context.executor, "features", tasks, workspace.features, "features")
    if reasons:
        piece_id, reason = next(iter(reasons.items()))
        raise EarmarkError(f"features of {len(reasons)} pieces failed, the first: {piece_id}: {reason}")
    write_table(context.digest_table("features", tasks, reasons), workspace.features_table)
    more = f" and {len(tasks) - len(own)} further renderings" if len(tasks) > len(own) else ""
    say(f"features: {len(own)} pieces{more}, {type(recipe.front_end).__name__}")


def _write_features(recipe: Recipe, wav: Path, processor: str, destination: Path) -> None:
    """On whatever machine: what is kept as of this kind of processor is computed by one."""
    if processor and processor != processor_kernel():
        raise EarmarkError(
            f"features: a worker computes as {processor_kernel()}, this machine as {processor}: "
            "what the ear hears would differ in its last digits; take workers of one kind, or executor=loky"
        )
    extract(wav, recipe.front_end, destination)


def _write_notes(recipe: Recipe, midi: Path, destination: Path) -> None:
    write_features(recipe.features_of_notes(midi), destination)
