"""Basic Pitch (Bittner et al., ICASSP 2022) on files, with its published ONNX model and its own thresholds.

Run by the Python of an environment that has it: it is no dependency of earmark's.

    python bench/peers/basic_pitch_onnx.py FOLDER

Beside every WAV below FOLDER the notes are written as .basic_pitch.npy: (n, 3) of begin and end in seconds
and MIDI pitch.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Transcribe all WAV files below a folder."""
    import numpy as np
    from basic_pitch import FilenameSuffix, build_icassp_2022_model_path
    from basic_pitch.inference import Model, predict

    model = Model(build_icassp_2022_model_path(FilenameSuffix.onnx))
    for wav in sorted(folder.rglob("*.wav")):
        _, _, notes = predict(wav, model)
        rows = [(float(begin_s), float(end_s), int(pitch)) for begin_s, end_s, pitch, *_ in notes]
        np.save(wav.with_suffix(".basic_pitch.npy"), np.array(rows).reshape(-1, 3))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
