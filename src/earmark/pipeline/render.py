"""Stage render: MIDI through FluidSynth, recordings decoded and resampled, all to WAV."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from earmark.foundation.closure import code_version
from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.music.audio import decode
from earmark.music.catalog import read_table, write_table
from earmark.music.synthesis.piece import render_piece
from earmark.music.synthesis.soundfont import soundfont_digest, soundfont_path
from earmark.music.synthesis.synth import Synthesis, fluidsynth_version
from earmark.pipeline.context import Context
from earmark.store.outputs import Task, fill


def run(cfg: Any, workspace: Workspace) -> None:
    """Make `data/audio/<piece_id>.wav` of every piece of the catalog."""
    context = Context(cfg, workspace)
    pieces = read_table(workspace.catalog)
    midi = _midi_task(context) if (pieces.media == "midi").any() else None
    tasks = [
        midi(piece) if piece.media == "midi" and midi else _audio_task(context, piece)
        for piece in pieces.itertuples()
    ]
    reasons = fill(context.store, context.executor, "audio", tasks, workspace.audio, "render")
    context.report_failures("render", pieces, reasons)
    write_table(context.digest_table("audio", tasks, reasons), workspace.audio_table)
    say(f"render: {len(tasks) - len(reasons)} pieces as WAV, {context.format.rate_hz} Hz")


def _midi_task(context: Context) -> Any:
    settings = context.cfg.render
    soundfont = soundfont_path(settings.soundfont, context.workspace.project)
    synthesis = Synthesis(
        soundfont=soundfont,
        rate_hz=settings.synth_rate,
        gain=settings.gain,
        reverb=settings.reverb,
        chorus=settings.chorus,
        tail_s=settings.tail_s,
        max_s=settings.max_seconds,
    )
    shared = {
        "synthesis": {**vars(synthesis), "soundfont": soundfont_digest(soundfont)},
        "fluidsynth": fluidsynth_version(),
        "tempo": vars(context.tempo),
        "instruments": settings.instruments,
        "format": vars(context.format),
        "code": code_version("earmark.music.synthesis.piece"),
    }

    def task(piece: Any) -> Task:
        make = partial(
            _render,
            shared["fluidsynth"],
            context.workspace.raw / piece.raw,
            context.tempo,
            settings.instruments,
            synthesis,
            context.format,
        )
        key = context.store.key(sha256=piece.sha256, **shared)
        return Task(piece.piece_id, key, f"{piece.piece_id}.wav", make)

    return task


def _render(fluidsynth: str, *arguments: Any) -> None:
    """On whatever machine: what is kept as of this version of FluidSynth is played by it."""
    if fluidsynth_version() != fluidsynth:
        raise EarmarkError(
            f"render: a worker has FluidSynth {fluidsynth_version()}, this machine {fluidsynth}: install "
            "the same"
        )
    render_piece(*arguments)


def _audio_task(context: Context, piece: Any) -> Task:
    max_s = context.cfg.render.max_seconds
    key = context.store.key(
        sha256=piece.sha256,
        suffix=Path(piece.raw).suffix,
        format=vars(context.format),
        max_s=max_s,
        code=code_version("earmark.music.audio"),
    )
    make = partial(_decode, context.workspace.raw / piece.raw, context.format, max_s)
    return Task(piece.piece_id, key, f"{piece.piece_id}.wav", make)


def _decode(raw: Path, target: Any, max_s: float, destination: Path) -> None:
    decode(raw, target, max_s, destination)
