"""The pictures and tables of an evaluation, as they lie in plots/evaluation/."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from earmark.bundle import Bundle
from earmark.decisions.embeddings import PieceEmbeddings
from earmark.evaluation import plots
from earmark.evaluation.closed_set import confusion
from earmark.evaluation.reliability import reliability
from earmark.evaluation.report import confusions
from earmark.evaluation.selective import risk_coverage
from earmark.foundation.targets import build
from earmark.music.catalog import KNOWN, TEST, read_table, write_table

EXAMPLES, EXAMPLE_S = 4, 10  # training pieces of which a spectrogram is drawn; seconds of each


def draw_verdicts(verdicts: pd.DataFrame, bundle: Bundle, folder: Path) -> None:
    """Confusion matrices, risk and coverage, reliability, distances of known and unknown test pieces."""
    for split, table in confusions(verdicts, bundle.labels).items():
        write_table(table, folder / f"confusion_{split}.csv")
        matrix = confusion(table.actual, table.predicted, bundle.labels)
        plots.confusion_picture(matrix, bundle.labels, f"{split} pieces", folder / f"confusion_{split}.png")
    test = verdicts[(verdicts.role == KNOWN) & (verdicts.split == "test")]
    right = (test.nearest_label == test.label).to_numpy(bool)
    confidence = test.confidence.to_numpy(float)
    curve = risk_coverage(confidence, right)
    write_table(curve.round(6), folder / "risk_coverage.csv")
    plots.risk_coverage_picture(curve.coverage, curve.risk, folder / "risk_coverage.png")
    bins = reliability(confidence, right.astype(float), np.ones(len(test)))
    write_table(bins.round(6), folder / "reliability.csv")
    plots.reliability_picture(bins.confidence, bins.accuracy, bins.weight, folder / "reliability.png")
    known = test.distance.to_numpy(float)
    unknown = verdicts[verdicts.role == TEST].distance.to_numpy(float)
    plots.open_set_picture(known, unknown, bundle.decision.threshold, folder / "open_set.png")


def draw_pieces(
    pieces: pd.DataFrame, embedded: PieceEmbeddings, bundle: Bundle, features: Path, folder: Path
) -> None:
    """Mean embeddings of all pieces; spectrograms of a training piece of some labels.

    pieces: data/splits.csv, whose rows `embedded` follows. features: the folder of their arrays.
    """
    means = bundle.decision.whitened(np.stack([clips.mean(axis=0) for clips in embedded.clips]))
    names = list(pieces.label.where(pieces.role == KNOWN, ""))
    plots.embedding_picture(means, names, list(pieces.split), bundle.labels, folder / "embeddings.png")
    hearing = bundle.hearing
    frame_rate_hz = build(hearing.features, "features").frame_rate_hz(hearing.audio.sample_rate)
    examples = pieces[pieces.split == "train"].drop_duplicates("label").head(EXAMPLES)
    frames = round(EXAMPLE_S * frame_rate_hz)
    arrays = [np.load(features / f"{name}.npy", mmap_mode="r") for name in examples.piece_id]
    plots.spectrogram_picture(
        [array[0, :, :frames] for array in arrays],
        [f"{piece.label}: {piece.title}" for piece in examples.itertuples()],
        frame_rate_hz,
        folder / "spectrograms.png",
    )


def draw_curves(history: Path, folder: Path) -> None:
    """Training loss and validation score by epoch, from the table that training wrote; nothing without it."""
    if history.is_file():
        table = read_table(history)
        plots.curves_picture(table.apply(pd.to_numeric, errors="coerce"), folder / "curves.png")
