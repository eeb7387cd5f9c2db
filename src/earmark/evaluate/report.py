"""All of an evaluation: verdicts of every piece, metrics with intervals, and the words to go with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from earmark.bundle import Bundle
from earmark.catalog import CALIBRATION, KNOWN, TEST
from earmark.embed import PieceEmbeddings
from earmark.evaluate.closed_set import closed_set_metrics, confusion
from earmark.evaluate.control import control_table, control_verdicts
from earmark.evaluate.intervals import with_intervals
from earmark.evaluate.open_set import open_set_metrics

VERDICT_COLUMNS = [
    *("piece_id", "path", "title", "label", "role", "split", "verdict", "nearest_label", "confidence"),
    *("distance", "nearest_piece", "nearest_piece_label", "nearest_piece_distance"),
]


def verdict_table(pieces: pd.DataFrame, embedded: PieceEmbeddings, bundle: Bundle) -> pd.DataFrame:
    """A verdict on every piece, those likest to a known label first.

    The nearest training piece is the one whose mean embedding is nearest to the piece's own mean;
    a training piece is not its own neighbour, nor is any piece of its work.
    """
    owners, owner = np.unique(bundle.references.piece_id.to_numpy(str), return_inverse=True)
    means = np.stack([bundle.embeddings[owner == index].mean(axis=0) for index in range(len(owners))])
    means = bundle.decision.whitened(means)
    by_id = pieces.set_index("piece_id")
    reference_groups = by_id.group.reindex(owners).to_numpy()
    rows = []
    for (_, piece), clips in zip(pieces.iterrows(), embedded.clips, strict=True):
        verdict = bundle.decision.verdict(clips)
        mean = bundle.decision.whitened(clips.mean(axis=0))
        distances = np.linalg.norm(means - mean, axis=1)
        distances[reference_groups == piece.group] = np.inf
        nearest = int(distances.argmin())
        rows.append(
            {
                **piece[["piece_id", "path", "title", "label", "role", "split"]].to_dict(),
                "verdict": verdict.label,
                "nearest_label": verdict.nearest,
                "confidence": round(verdict.confidence, 6),
                "distance": round(verdict.distance, 6),
                "nearest_piece": owners[nearest],
                "nearest_piece_label": by_id.label.get(owners[nearest], ""),
                "nearest_piece_distance": round(float(distances[nearest]), 6),
            }
        )
    table = pd.DataFrame(rows, columns=VERDICT_COLUMNS)
    return table.sort_values(["distance", "piece_id"], ignore_index=True)


def confusions(verdicts: pd.DataFrame, labels: list[str]) -> dict[str, pd.DataFrame]:
    """By split, the known pieces' (actual, predicted) pairs: what `dvc plots` draws as a matrix."""
    known = verdicts[verdicts.role == KNOWN]
    return {
        split: known[known.split == split]
        .rename(columns={"label": "actual", "nearest_label": "predicted"})[["actual", "predicted"]]
        .sort_values(["actual", "predicted"], ignore_index=True)
        for split in ("train", "validation", "test")
    }


def metrics(
    verdicts: pd.DataFrame,
    groups: Mapping[str, str],
    facts: Mapping[str, Mapping[str, Any]],
    bundle: Bundle,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """The sections of metrics/evaluate.json; every metric as value, low, high."""
    labels = bundle.labels
    known = verdicts[verdicts.role == KNOWN]
    test = known[known.split == "test"].sort_values("piece_id")
    train = known[known.split == "train"].sort_values("piece_id")
    strangers = verdicts[verdicts.role == TEST].sort_values("piece_id")
    test_groups = [groups[piece_id] for piece_id in test.piece_id]

    def closed(predicted: list[str]) -> dict[str, dict[str, float | None]]:
        return with_intervals(
            lambda weights: closed_set_metrics(confusion(test.label, predicted, labels, weights)),
            test_groups,
            resamples,
            seed,
        )

    def control(kind: str) -> dict[str, float | None]:
        predicted = control_verdicts(control_table(facts, kind), train.piece_id, train.label, test.piece_id)
        return closed(predicted)["balanced_accuracy"]

    known_score, stranger_score = -test.distance.to_numpy(float), -strangers.distance.to_numpy(float)
    right = (test.nearest_label == test.label).to_numpy(bool)

    def opened(weights: np.ndarray) -> dict[str, float]:
        return open_set_metrics(
            known_score,
            right,
            stranger_score,
            -bundle.decision.threshold,
            weights[: len(test)],
            weights[len(test) :],
        )

    all_groups = [*test_groups, *(groups[piece_id] for piece_id in strangers.piece_id)]
    return {
        "closed_set": closed(list(test.nearest_label)),
        "open_set": with_intervals(opened, all_groups, resamples, seed),
        "control": {
            "balanced_accuracy": control("encoded"),
            "heard_balanced_accuracy": control("heard"),
        },
        "pieces": {
            "train": len(train),
            "validation": int((known.split == "validation").sum()),
            "test": len(test),
            "calibration_unknowns": int((verdicts.role == CALIBRATION).sum()),
            "test_unknowns": len(strangers),
        },
    }


def warnings_of(found: Mapping[str, Any], control_warning: float, chance: float) -> list[str]:
    """What a reader of these metrics must be told, in words."""
    said = []
    for name, means in (
        ("balanced_accuracy", "instruments, duration and density as the files came"),
        ("heard_balanced_accuracy", "what is still audible of that after rendering"),
    ):
        value = found["control"][name]["value"]
        if value is not None and value > control_warning:
            said.append(
                f"the control reaches {value:.3f} from {means}, without pitch or rhythm (chance "
                f"{chance:.3f}): on this corpus a high score may say little about the music"
            )
    score, control = found["closed_set"]["balanced_accuracy"], found["control"]["heard_balanced_accuracy"]
    if None not in (score["value"], control["value"]) and score["value"] <= control["value"]:
        said.append(
            f"the model ({score['value']:.3f}) is not better than the control ({control['value']:.3f})"
        )
    if found["open_set"]["auroc"]["value"] is None:
        said.append("there are no unknown pieces in the test: how strangers fare was not measured")
    elif found["pieces"]["calibration_unknowns"] == 0:
        said.append(
            "there are no unknown pieces for calibration: the threshold accepts 95 % of validation pieces"
        )
    return said
