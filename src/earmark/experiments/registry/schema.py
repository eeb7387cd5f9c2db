"""What goes in and out of the served model, and an example of it."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from earmark.foundation.quiet_import import quiet_import

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)  # C major from middle C, MIDI numbers
NOTES_PER_CLIP_SECOND = 6  # so long that a tempo brought to six onsets a second still fills a clip
BEAT_S, TICKS_A_BEAT, VELOCITY = 0.5, 480, 90


def signature() -> Any:
    """Columns and types, by which MLflow refuses what does not fit."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    inputs: list[ColSpec | TensorSpec] = [
        ColSpec("string", name, required=False) for name in ("name", "content_base64", "path")
    ]
    words = ("verdict", "guess", "reason", "warning")
    maybe = [
        ColSpec("string" if name in words else "double", name, required=False)
        for name in (*words[:2], "confidence", "p_known", *words[2:], "distance", "percentile")
    ]
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec("string", "name"),
        *maybe,
        ColSpec("string", "probabilities"),
        ColSpec("string", "nearest"),
        ColSpec("string", "error", required=False),
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def input_example(settings: Mapping[str, Any]) -> pd.DataFrame:
    """One row: scales as a MIDI file, as long as the bundle's clips need.

    Args:
        settings: Those of a bundle.
    """
    content = base64.b64encode(scales(float(settings["dataset"]["clip_s"]))).decode("ascii")
    return pd.DataFrame({"name": ["scales.mid"], "content_base64": [content]})


def scales(clip_s: float) -> bytes:
    """A MIDI file of C major scales up and down, a note for each beat at 120 beats a minute.

    Args:
        clip_s: Length of the bundle's clips in seconds; the file lasts at least three of them.
    """
    pretty_midi = quiet_import("pretty_midi")
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_A_BEAT, initial_tempo=60 / BEAT_S)
    piano = pretty_midi.Instrument(program=0)
    pattern = SCALE + SCALE[-2:0:-1]
    for number in range(math.ceil(NOTES_PER_CLIP_SECOND * clip_s)):
        onset_s = BEAT_S * number
        piano.notes.append(
            pretty_midi.Note(VELOCITY, pattern[number % len(pattern)], onset_s, onset_s + BEAT_S)
        )
    midi.instruments.append(piano)
    stream = io.BytesIO()
    midi.write(stream)
    return stream.getvalue()
