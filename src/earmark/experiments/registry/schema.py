"""What goes in and out of the served model, and an example of it."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from earmark.music.midi.writing import midi_file

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
    pattern = SCALE + SCALE[-2:0:-1]
    onset_s = BEAT_S * np.arange(math.ceil(NOTES_PER_CLIP_SECOND * clip_s))
    pitch, velocity = np.resize(pattern, len(onset_s)), np.full(len(onset_s), VELOCITY)
    return midi_file(onset_s, onset_s + BEAT_S, pitch, velocity, TICKS_A_BEAT, 60 / BEAT_S)
