"""The ear in the package beside Basic Pitch: onsets of works and of a soundfont that it was not trained with.

Basic Pitch needs an environment of its own, whose Python EARMARK_BASIC_PITCH names:

    python3.11 -m venv basic-pitch
    basic-pitch/bin/pip install --no-deps basic-pitch==0.4.0
    basic-pitch/bin/pip install onnxruntime librosa 'resampy<0.4.3' pretty_midi mir_eval 'setuptools<81'

The soundfont is Debian's csound-soundfont (`bash ear/soundfonts.sh`).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import soundfile

from bench.result import AT_LEAST, Result
from bench.settings import Settings

PEER = Path(__file__).resolve().parents[1] / "peers" / "basic_pitch_onnx.py"
PYTHON = "EARMARK_BASIC_PITCH"


def measure(settings: Settings) -> list[Result]:
    """By how much the F1 of onsets lies above Basic Pitch's, for each kind of pieces."""
    from ear import judge

    if not (python := os.environ.get(PYTHON)):
        reason = f"{PYTHON} names no Python: bench/rows/transcription.py says how to make one"
        return [_result(kind, None, reason) for kind in judge.KINDS]
    _prepare()
    subprocess.run([python, PEER, judge.PIECES], check=True, stdout=subprocess.DEVNULL)
    ours, peer = judge.judged(_heard), judge.judged(_noted)
    return [
        _result(
            kind,
            ours[kind]["onset_f1"] - peer[kind]["onset_f1"],
            f"mean F1 of onsets within 50 ms: ours {ours[kind]['onset_f1']:.3f}, "
            f"Basic Pitch {peer[kind]['onset_f1']:.3f}; with offsets {ours[kind]['onset_offset_f1']:.3f}, "
            f"{peer[kind]['onset_offset_f1']:.3f}",
        )
        for kind in judge.KINDS
    ]


def _result(kind: str, measured: float | None, detail: str) -> Result:
    return Result(f"transcription: {kind}", measured, 0.0, "F1 above Basic Pitch's", AT_LEAST, detail)


def _prepare() -> None:
    """The pieces that `make ear` judges by."""
    from ear import judge, scores
    from ear.settings import FOLDER

    if not (FOLDER / "data" / "scores").is_dir():
        scores.main()
    judge.make_pieces()


def _heard(wav: Path) -> tuple[np.ndarray, np.ndarray]:
    from earmark.features.ear.decode import notes_heard
    from earmark.features.ear.hearing import hear

    sound, _ = soundfile.read(wav, dtype="float32")
    notes = notes_heard(hear(sound))
    return np.stack([notes.onset_s, notes.end_s], axis=1), notes.pitch


def _noted(wav: Path) -> tuple[np.ndarray, np.ndarray]:
    rows = np.load(wav.with_suffix(".basic_pitch.npy"))
    return rows[:, :2], rows[:, 2].astype(int)
