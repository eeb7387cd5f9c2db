"""Stage judge: pieces of held-out scores, played by a soundfont that was not trained with, transcribed.

Piano and mixed instruments apart, each as played and spoilt as recordings are. `judged` takes any
transcriber, so that a peer can be put beside it on the same files.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import mir_eval
import numpy as np
import soundfile
from joblib import Parallel, delayed
from safetensors.numpy import load_file

from ear.clips import detuned, play, random_cents
from ear.effects import spoilt
from ear.export import model_of
from ear.parts import random_parts
from ear.scene import scene
from ear.scores import is_held_out
from ear.settings import FOLDER, TRAINED, section
from earmark.features.ear.decode import notes_heard
from earmark.features.ear.hearing import hear
from earmark.features.ear.network import session_of
from earmark.features.ear.spectrum import RATE_HZ
from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say

PIECES = FOLDER / "data" / "judge"
ONSET_TOLERANCE_S = 0.05  # as MIREX has it
KINDS = ("piano", "piano_spoilt", "mixed", "mixed_spoilt")
SCORES = ("precision", "recall", "onset_f1", "onset_offset_f1")

Notes = tuple[np.ndarray, np.ndarray]
"""Intervals (n, 2) in seconds and MIDI pitches (n,)."""


def make_pieces() -> None:
    """Write `ear/data/judge/<kind>/<number>.wav` and the notes (n, 3) beside it as .npy."""
    settings, share = section("judge"), section("scores")["held_out_share"]
    files = [file for file in sorted((FOLDER / "data" / "scores").iterdir()) if is_held_out(file, share)]
    soundfont, length_s = Path(settings["soundfont"]), settings["piece_s"]
    if not soundfont.is_file():
        raise EarmarkError(f"{soundfont} is missing: apt-get install csound-soundfont")
    shutil.rmtree(PIECES, ignore_errors=True)
    for kind in KINDS:
        (PIECES / kind).mkdir(parents=True)
        for number in range(settings["pieces"]):
            rng = np.random.default_rng([settings["seed"], KINDS.index(kind), number])
            played = scene(random_parts(files, length_s, rng), kind.startswith("piano"), length_s, rng)
            (sound,) = play([played], length_s, soundfont, rng)
            cents = random_cents(rng) if kind.endswith("spoilt") else 0.0
            sound, notes = detuned(sound, played.notes, cents)
            sound = spoilt(sound, rng) if kind.endswith("spoilt") else sound / np.abs(sound).max() * 0.7
            soundfile.write(PIECES / kind / f"{number:02d}.wav", sound, RATE_HZ)
            np.save(PIECES / kind / f"{number:02d}.npy", notes)


def heard_by_earmark(wav: Path) -> Notes:
    """What earmark hears in a file."""
    network = session_of(model_of(load_file(TRAINED)).SerializeToString())
    sound, _ = soundfile.read(wav, dtype="float32")
    notes = notes_heard(hear(sound, network=network))
    return np.stack([notes.onset_s, notes.end_s], axis=1), notes.pitch


def judged(transcribe: Callable[[Path], Notes]) -> dict[str, dict[str, float]]:
    """Mean scores of each kind of pieces."""
    table: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        files = sorted((PIECES / kind).glob("*.wav"))
        rows = Parallel(n_jobs=-1)(delayed(_scores)(transcribe, file) for file in files)
        means = np.mean(np.array(list(rows)), axis=0)
        table[kind] = dict(zip(SCORES, np.round(means, 4).tolist(), strict=True))
    return table


def _scores(transcribe: Callable[[Path], Notes], wav: Path) -> tuple[float, float, float, float]:
    """Precision, recall and F1 of onsets, and F1 with offsets, of one file."""
    truth = np.load(wav.with_suffix(".npy"))
    intervals, pitch = transcribe(wav)
    if len(pitch) == 0 or len(truth) == 0:
        return 0.0, 0.0, 0.0, 0.0
    score = mir_eval.transcription.precision_recall_f1_overlap
    hz, true_hz = (mir_eval.util.midi_to_hz(values) for values in (pitch, truth[:, 2]))
    tolerance = {"onset_tolerance": ONSET_TOLERANCE_S}
    precision, recall, f1, _ = score(truth[:, :2], true_hz, intervals, hz, offset_ratio=None, **tolerance)
    with_offsets = score(truth[:, :2], true_hz, intervals, hz, **tolerance)[2]
    return precision, recall, f1, with_offsets


def main() -> None:
    """Write the pieces and `ear/metrics/judge.json`."""
    make_pieces()
    table = judged(heard_by_earmark)
    (FOLDER / "metrics" / "judge.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    for kind, scores in table.items():
        say(f"ear: {kind}: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items()))


if __name__ == "__main__":
    main()
