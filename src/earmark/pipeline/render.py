"""Stage render: MIDI through FluidSynth, recordings decoded and resampled, all to WAV."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from earmark.foundation.errors import EarmarkError
from earmark.foundation.libraries import processor_kernel
from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import RENDERING_MARK, read_table, write_table
from earmark.music.recipe import Recipe
from earmark.music.recordings.formats import BY_SUFFIX, DECODED_BY_PROCESSOR
from earmark.music.renderings import rendering, rendering_names
from earmark.music.synthesis.synth import fluidsynth_version
from earmark.pipeline.context import Context
from earmark.pipeline.settings.schema import Config
from earmark.store.fill import Task, fill


def run(config: Config, workspace: Workspace) -> None:
    """Make `data/audio/<piece_id>.wav` of every piece of the catalog."""
    context = Context(config, workspace)
    pieces = read_table(workspace.catalog)
    recipe = config.recipe(workspace)
    played = pieces[[not recipe.reads_notes(media) for media in pieces.media]]
    keys = {media: recipe.wav_key(media) for media in played.media.unique()}
    tasks = [_task(context, recipe, piece, keys[piece.media]) for piece in played.itertuples()]
    further = [
        task
        for piece in pieces[pieces.media == "midi"].itertuples()
        for task in _further_tasks(context, recipe, piece)
    ]
    reasons = fill(context.store, context.executor, "audio", [*tasks, *further], workspace.audio, "render")
    own = {name: reason for name, reason in reasons.items() if RENDERING_MARK not in name}
    context.report_failures("render", pieces, own)
    write_table(context.digest_table("audio", [*tasks, *further], reasons), workspace.audio_table)
    done = len(further) - (len(reasons) - len(own))
    more = f" and {done} further renderings" if further else ""
    say(f"render: {len(tasks) - len(own)} pieces{more} as WAV, {recipe.format.rate_hz} Hz")
    if len(played) < len(pieces):
        say(f"render: of {len(pieces) - len(played)} pieces the notes are used, features.notes_of=file")


def _task(context: Context, recipe: Recipe, piece: Any, shared: dict[str, Any]) -> Task:
    own = {"sha256": piece.sha256}
    if piece.media != "midi":
        own["suffix"] = suffix = Path(piece.raw).suffix
        if BY_SUFFIX.get(suffix) in (None, *DECODED_BY_PROCESSOR):
            own["processor"] = processor_kernel()
    raw = context.workspace.raw / piece.raw
    make = partial(_write_wav, recipe, shared.get("fluidsynth", ""), raw)
    return Task(piece.piece_id, context.store.key(**own, **shared), f"{piece.piece_id}.wav", make)


def _further_tasks(context: Context, recipe: Recipe, piece: Any) -> list[Task]:
    settings = context.config.renderings
    tasks = []
    for number, name in enumerate(rendering_names(piece.piece_id, settings), 1):
        other = rendering(recipe, settings, piece.sha256, number)
        shared = other.wav_key(piece.media)
        make = partial(_write_wav, other, shared["fluidsynth"], context.workspace.raw / piece.raw)
        key = context.store.key(sha256=piece.sha256, **shared)
        tasks.append(Task(name, key, f"{name}.wav", make))
    return tasks


def _write_wav(recipe: Recipe, fluidsynth: str, raw: Path, destination: Path) -> None:
    """On whatever machine: what is kept as of this version of FluidSynth is played by it."""
    if fluidsynth and fluidsynth_version() != fluidsynth:
        raise EarmarkError(
            f"render: a worker has FluidSynth {fluidsynth_version()}, this machine {fluidsynth}: install "
            "the same"
        )
    recipe.wav(raw, destination)
