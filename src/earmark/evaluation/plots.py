"""Pictures for people: confusion matrices, embeddings, open-set curves, spectrogram examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from earmark.foundation.figure import COLOURS, new_figure, save_figure

if TYPE_CHECKING:
    pass


def confusion_picture(matrix: np.ndarray, labels: Sequence[str], title: str, path: Path) -> None:
    """A confusion matrix (labels, labels), rows true, coloured by share of the row."""
    size = max(4.2, 1.8 + 0.55 * len(labels))
    figure = new_figure(size + 0.6, size)
    axes = figure.subplots()
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row in range(len(labels)):
        for column in range(len(labels)):
            colour = "white" if share[row, column] > 0.5 else "black"
            axes.text(column, row, f"{matrix[row, column]:g}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("verdict (nearest label)")
    axes.set_ylabel("label")
    axes.set_title(title)
    figure.colorbar(image, label="share of the label's pieces", shrink=0.8)
    save_figure(figure, path)


def embedding_picture(
    means: np.ndarray, names: Sequence[str], splits: Sequence[str], labels: Sequence[str], path: Path
) -> None:
    """Pieces' mean embeddings (pieces, dimensions) on their first two principal components.

    Known labels in colour (training pieces small), every other name in grey.
    """
    from sklearn.decomposition import PCA

    flat = PCA(2, random_state=0).fit_transform(means) if len(means) > 2 else np.zeros((len(means), 2))
    figure = new_figure(7.5, 5.5)
    axes = figure.subplots()
    name, split = np.asarray(names), np.asarray(splits)
    strangers = ~np.isin(name, list(labels))
    axes.scatter(*flat[strangers].T, s=22, c="#999999", marker="x", linewidths=1, label="unknown")
    for index, label in enumerate(labels):
        colour = COLOURS[index % len(COLOURS)]
        for part, size, alpha in (("train", 14, 0.4), ("validation", 34, 0.8), ("test", 60, 1.0)):
            rows = (name == label) & (split == part)
            axes.scatter(
                *flat[rows].T,
                s=size,
                c=colour,
                alpha=alpha,
                edgecolors="black" if part == "test" else "none",
                linewidths=0.7,
                label=label if part == "test" else None,
            )
    axes.set_xlabel("first principal component")
    axes.set_ylabel("second principal component")
    axes.set_title("Pieces by mean embedding (small: training, ringed: test)")
    axes.legend(loc="best", fontsize="small")
    save_figure(figure, path)


def open_set_picture(known: np.ndarray, unknown: np.ndarray, threshold: float, path: Path) -> None:
    """Histograms of the smallest distance to a prototype, known and unknown test pieces."""
    figure = new_figure(7.0, 3.8)
    axes = figure.subplots()
    both = np.concatenate([known, unknown])
    edges = np.linspace(both.min(), both.max() + 1e-6, 25) if len(both) else np.linspace(0, 1, 2)
    axes.hist(known, list(edges), alpha=0.7, color=COLOURS[0], label=f"known ({len(known)})")
    axes.hist(unknown, list(edges), alpha=0.7, color=COLOURS[1], label=f"unknown ({len(unknown)})")
    axes.axvline(threshold, color="black", linestyle="--", label=f"threshold {threshold:.3f}")
    axes.set_xlabel("distance to the nearest prototype")
    axes.set_ylabel("test pieces")
    axes.set_title("Known and unknown test pieces")
    axes.legend()
    save_figure(figure, path)


def risk_coverage_picture(coverage: ArrayLike, risk: ArrayLike, path: Path) -> None:
    """Share of wrong answers among the surest pieces, as ever more of them are answered."""
    figure = new_figure(5.2, 3.8)
    axes = figure.subplots()
    axes.plot(coverage, risk, color=COLOURS[0], drawstyle="steps-post")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, max(0.05, 1.05 * float(np.max(np.asarray(risk, float), initial=0))))
    axes.set_xlabel("coverage: share of test pieces answered, the surest first")
    axes.set_ylabel("risk: share of them wrong")
    save_figure(figure, path)


def reliability_picture(confidence: ArrayLike, accuracy: ArrayLike, weight: ArrayLike, path: Path) -> None:
    """Accuracy against mean confidence of bins; on the diagonal confidence means what it says."""
    figure = new_figure(4.6, 4.4)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, linestyle="--")
    size = 30 + 300 * np.asarray(weight, float) / max(float(np.sum(weight)), 1)
    axes.scatter(confidence, accuracy, s=size, color=COLOURS[0], alpha=0.8)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("mean confidence of the bin (area: test pieces in it)")
    axes.set_ylabel("share of them right")
    save_figure(figure, path)


def roc_picture(false_accepts: np.ndarray, true_accepts: np.ndarray, eer: float, path: Path) -> None:
    """True against false accepts, and where false accepts and false rejects are equal."""
    figure = new_figure(4.6, 4.4)
    axes = figure.subplots()
    axes.plot(false_accepts, true_accepts, color=COLOURS[0])
    axes.plot([0, 1], [1, 0], color="#999999", linewidth=0.8, linestyle="--")
    axes.plot([eer], [1 - eer], "o", color=COLOURS[1], label=f"equal error rate {eer:.3f}")
    axes.set_xlabel("false claims accepted")
    axes.set_ylabel("true claims accepted")
    axes.legend(loc="lower right")
    save_figure(figure, path)


def curves_picture(history: pd.DataFrame, path: Path) -> None:
    """Columns train_loss and validation_score over epoch (from 0)."""
    figure = new_figure(7.0, 3.8)
    left = figure.subplots()
    right = left.twinx()
    left.plot(history.epoch + 1, history.train_loss, color=COLOURS[0])
    right.plot(history.epoch + 1, history.validation_score, color=COLOURS[1])
    left.set_xlabel("epoch")
    left.set_ylabel("training loss", color=COLOURS[0])
    right.set_ylabel("validation score", color=COLOURS[1])
    save_figure(figure, path)


def spectrogram_picture(
    clips: Sequence[np.ndarray], titles: Sequence[str], frame_rate_hz: float, path: Path
) -> None:
    """Examples of what the encoder hears: one (bands, frames) array in dB for each title."""
    figure = new_figure(8.5, 1.9 * max(len(clips), 1))
    for axes, clip, title in zip(
        figure.subplots(len(clips), squeeze=False)[:, 0], clips, titles, strict=True
    ):
        extent = (0, clip.shape[1] / frame_rate_hz, 0, clip.shape[0])
        axes.imshow(clip, origin="lower", aspect="auto", cmap="magma", extent=extent)
        axes.set_title(title, fontsize="small")
        axes.set_ylabel("band")
    axes.set_xlabel("seconds")
    save_figure(figure, path)
