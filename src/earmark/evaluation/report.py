"""All of an evaluation: verdicts of every piece, metrics with intervals, and the words to go with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from earmark.bundle import Bundle
from earmark.decisions.embeddings import PieceEmbeddings
from earmark.decisions.rejection import UNKNOWN
from earmark.evaluation.clip_scores import clip_metrics
from earmark.evaluation.closed_set import closed_set_metrics, confusion
from earmark.evaluation.control import control_table, control_verdicts
from earmark.evaluation.evaluated import EvaluatedPieces
from earmark.evaluation.neighbours import nearest_of_other_works
from earmark.evaluation.open_set import open_set_metrics
from earmark.evaluation.reliability import calibration_metrics
from earmark.evaluation.selective import selective_metrics
from earmark.foundation.contracts import LabelledClips, Metrics
from earmark.music.catalog import CALIBRATION, KNOWN, TEST

LEAST_COVERAGE = 0.1  # share of known test pieces answered, below which a report warns
CHANCE_AUROC = 0.5
VERDICT_COLUMNS = [
    *("piece_id", "path", "title", "label", "group", "role", "split", "verdict", "nearest_label"),
    *("confidence", "share", "distance", "nearest_piece", "nearest_piece_label", "nearest_piece_distance"),
]


def verdict_table(pieces: pd.DataFrame, embedded: PieceEmbeddings, bundle: Bundle) -> pd.DataFrame:
    """A verdict on every piece, those likest to a known label first.

    The nearest training piece is the one whose mean embedding is nearest to the piece's own mean;
    a training piece is not its own neighbour, nor is any piece of its work.
    """
    owners, means = _means(bundle)
    by_id = pieces.set_index("piece_id")
    nearest, distances = nearest_of_other_works(
        bundle.decision.whitened(np.stack([clips.mean(axis=0) for clips in embedded.clips])),
        bundle.decision.whitened(means),
        pieces.group.to_numpy(),
        by_id.group.reindex(owners).to_numpy(),
    )
    labels = by_id.label.reindex(owners).fillna("").to_numpy()
    named = pieces[["piece_id", "path", "title", "label", "group", "role", "split"]].to_dict("records")
    rows = []
    for piece, clips, near, distance in zip(named, embedded.clips, nearest, distances, strict=True):
        verdict = bundle.decision.predict(clips)
        rows.append(
            {
                **piece,
                "verdict": verdict.label,
                "nearest_label": verdict.nearest,
                "confidence": round(verdict.confidence, 6),
                "share": round(verdict.share, 6),
                "distance": round(verdict.distance, 6),
                "nearest_piece": owners[near],
                "nearest_piece_label": labels[near],
                "nearest_piece_distance": round(float(distance), 6),
            }
        )
    table = pd.DataFrame(rows, columns=VERDICT_COLUMNS)
    return table.sort_values(["distance", "piece_id"], ignore_index=True)


def _means(bundle: Bundle) -> tuple[np.ndarray, np.ndarray]:
    """The bundle's training pieces (pieces,) and the mean embedding of each (pieces, dimensions)."""
    owners, owner = np.unique(np.asarray(bundle.references["piece_id"], dtype=str), return_inverse=True)
    order = np.argsort(owner, kind="stable")
    begins = np.searchsorted(owner[order], np.arange(1, len(owners)))
    return owners, np.stack([part.mean(axis=0) for part in np.split(bundle.embeddings[order], begins)])


def confusions(verdicts: pd.DataFrame, labels: list[str]) -> dict[str, pd.DataFrame]:
    """By split, the known pieces' (actual, predicted) pairs: what `dvc plots` draws as a matrix."""
    known = verdicts[verdicts.role == KNOWN]
    return {
        split: known[known.split == split]
        .rename(columns={"label": "actual", "nearest_label": "predicted"})[["actual", "predicted"]]
        .sort_values(["actual", "predicted"], ignore_index=True)
        for split in ("train", "validation", "test")
    }


def evaluated_pieces(
    verdicts: pd.DataFrame,
    pieces: pd.DataFrame,
    embedded: PieceEmbeddings,
    facts: Mapping[str, Mapping[str, Any]],
    bundle: Bundle,
    decision: Any,
    resamples: int,
    seed: int,
) -> EvaluatedPieces:
    """The verdicts with all that metrics are made of. decision: the config's, not yet fitted."""
    named = dict(zip(pieces.piece_id, embedded.clips, strict=True))
    known = pieces[pieces.role == KNOWN]
    train, validation = (known[known.split == split] for split in ("train", "validation"))
    labelled = [
        LabelledClips([named[name] for name in rows.piece_id], list(rows.label), list(rows.group))
        for rows in (train, validation)
    ]
    held_out = decision.held_out(bundle.labels, *labelled)
    distances = {name: bundle.decision.distances(clips) for name, clips in named.items()}
    distances |= dict(zip(validation.piece_id, held_out, strict=True))
    return EvaluatedPieces(
        labels=bundle.labels,
        verdicts=verdicts,
        distances=distances,
        clips={name: bundle.decision.clip_probabilities(clips) for name, clips in named.items()},
        groups=dict(zip(pieces.piece_id, pieces.group, strict=True)),
        facts=facts,
        resamples=resamples,
        seed=seed,
    )


def metrics(
    evaluation: EvaluatedPieces, sections: Mapping[str, Any], averages: pd.DataFrame
) -> dict[str, Any]:
    """The sections of metrics/evaluate.json; every metric as value, low, high.

    sections: what an experiment adds, by name, each with a method `measure(evaluation)`. averages: the
    baseline's table of the known pieces.
    """
    labels = evaluation.labels
    train, validation, test = (evaluation.known(split) for split in ("train", "validation", "test"))
    strangers = evaluation.unknown(TEST)

    def closed(predicted: list[str]) -> Metrics:
        return evaluation.with_intervals(
            lambda weights: closed_set_metrics(confusion(test.label, predicted, labels, weights)), test
        )

    def classical(table: pd.DataFrame) -> dict[str, float | None]:
        predicted = control_verdicts(table, train.piece_id, train.label, test.piece_id)
        return closed(predicted)["balanced_accuracy"]

    known_score, stranger_score = -test.distance.to_numpy(float), -strangers.distance.to_numpy(float)
    right = (test.nearest_label == test.label).to_numpy(bool)
    rejected = (strangers.verdict == UNKNOWN).to_numpy(bool)
    accepted = (test.verdict != UNKNOWN).to_numpy(bool)

    def opened(weights: np.ndarray) -> dict[str, float]:
        return open_set_metrics(
            known_score,
            right,
            accepted,
            stranger_score,
            rejected,
            weights[: len(test)],
            weights[len(test) :],
        )

    held_out = [evaluation.labels[int(evaluation.distances[name].argmin())] for name in validation.piece_id]
    return {
        # What configurations are chosen by; the test is for judging the chosen one.
        "validation": evaluation.with_intervals(
            lambda weights: closed_set_metrics(confusion(validation.label, held_out, labels, weights)),
            validation,
        ),
        "closed_set": closed(list(test.nearest_label)),
        "open_set": evaluation.with_intervals(opened, pd.concat([test, strangers])),
        "clips": clip_metrics(evaluation),
        "selective": selective_metrics(evaluation),
        "calibration": calibration_metrics(evaluation),
        **{name: section.measure(evaluation) for name, section in sections.items()},
        "control": {
            "balanced_accuracy": classical(control_table(evaluation.facts, "encoded")),
            "heard_balanced_accuracy": classical(control_table(evaluation.facts, "heard")),
        },
        "baseline": {"balanced_accuracy": classical(averages)},
        "pieces": {
            "train": len(train),
            "validation": len(validation),
            "test": len(test),
            "calibration_unknowns": len(evaluation.unknown(CALIBRATION)),
            "test_unknowns": len(strangers),
        },
    }


def warnings_of(report: Mapping[str, Any], control_warning: float, chance: float) -> list[str]:
    """What a reader of these metrics must be told, in words."""
    warnings = []
    for name, means in (
        ("balanced_accuracy", "instruments, duration and density as the files came"),
        ("heard_balanced_accuracy", "what is still audible of that after rendering"),
    ):
        value = report["control"][name]["value"]
        if value is not None and value > control_warning:
            warnings.append(
                f"the control reaches {value:.3f} from {means}, without pitch or rhythm (chance "
                f"{chance:.3f}): on this corpus a high score may say little about the music"
            )
    score = report["closed_set"]["balanced_accuracy"]["value"]
    for words, value in (
        ("control", report["control"]["heard_balanced_accuracy"]["value"]),
        ("baseline over averages of the same features", report["baseline"]["balanced_accuracy"]["value"]),
    ):
        if None not in (score, value) and score <= value < 1:
            warnings.append(f"the model ({score:.3f}) is not better than the {words} ({value:.3f})")
    coverage, auroc = report["selective"]["coverage"]["value"], report["open_set"]["auroc"]["value"]
    if coverage is not None and coverage < LEAST_COVERAGE:
        warnings.append(
            f"only {coverage:.0%} of the known test pieces are answered: decision.strictness=eager "
            "answers more"
        )
    if auroc is not None and auroc < CHANCE_AUROC:
        warnings.append(
            f"strangers look more like known music than known music does (AUROC {auroc:.3f}): `unknown` "
            "means nothing here; give calibration strangers that are like those of the test"
        )
    if auroc is None:
        warnings.append("there are no unknown pieces in the test: whether they are rejected was not measured")
    elif report["pieces"]["calibration_unknowns"] == 0:
        warnings.append(
            "there are no unknown pieces for calibration: the threshold, where the decision has one, accepts "
            "95 % of validation pieces"
        )
    return warnings
