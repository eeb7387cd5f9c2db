"""What goes in and out of the served model, and an example of it."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)  # C major from middle C, MIDI numbers
NOTES_PER_CLIP_SECOND = 6  # so long that a tempo brought to six onsets a second still fills a clip


def signature() -> Any:
    """Columns and types, by which MLflow refuses what does not fit."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    inputs: list[ColSpec | TensorSpec] = [
        ColSpec("string", name, required=False) for name in ("name", "content_base64", "path")
    ]
    types = {"verdict": "string", "confidence": "double", "distance": "double"}
    maybe = [ColSpec(kind, name, required=False) for name, kind in types.items()]
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec("string", "name"),
        *maybe,
        ColSpec("string", "nearest"),
        ColSpec("string", "error", required=False),
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def input_example(settings: Mapping[str, Any]) -> pd.DataFrame:
    """One row: scales as a MIDI file, as long as the bundle's clips need. settings: those of a bundle."""
    content = base64.b64encode(scales(float(settings["dataset"]["clip_s"]))).decode("ascii")
    return pd.DataFrame({"name": ["scales.mid"], "content_base64": [content]})


def scales(clip_s: float) -> bytes:
    """A MIDI file of C major scales up and down, of at least three clips' length at 120 beats a minute."""
    import mido

    track = mido.MidiTrack()
    pattern = SCALE + SCALE[-2:0:-1]
    for number in range(math.ceil(NOTES_PER_CLIP_SECOND * clip_s)):
        pitch = pattern[number % len(pattern)]
        track.append(mido.Message("note_on", note=pitch, velocity=90, time=0))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=480))  # a beat: half a second
    stream = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=480, tracks=[track]).save(file=stream)
    return stream.getvalue()
