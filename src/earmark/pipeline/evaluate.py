"""Stage evaluate: a verdict on every piece, metrics with intervals, pictures, and a summary to read."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from earmark import decisions, evaluation, features  # noqa: F401  (a config chooses among them)
from earmark.bundle import Bundle, bundle_hash
from earmark.evaluation import plots, report
from earmark.evaluation.closed_set import confusion
from earmark.evaluation.reliability import reliability
from earmark.evaluation.selective import risk_coverage
from earmark.foundation.atomic import write_text
from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import KNOWN, TEST, read_table, write_table
from earmark.music.soundness import read_facts_table
from earmark.pipeline.settings.config import build
from earmark.pipeline.summary import summary
from earmark.pipeline.tracking.stage_run import evaluation_run
from earmark.pipeline.tracking.tracker import Tracker


def run(cfg: Any, workspace: Workspace) -> None:
    """Write data/verdicts.csv, metrics/evaluate.json and plots/, and log them to the training's run."""
    with evaluation_run(cfg, workspace, bundle_hash(workspace.models)) as (tracker, run_id):
        said = _evaluate(cfg, workspace, tracker, run_id)
    say(said)


def _evaluate(cfg: Any, workspace: Workspace, tracker: Tracker, run_id: str) -> str:
    import torch

    from earmark.learning.dataset.arrays import FeatureArrays
    from earmark.learning.embed import embed_pieces
    from earmark.music.clips import ClipGeometry

    torch.set_num_threads(cfg.trainer.threads)
    bundle = Bundle.load(workspace.models)
    pieces = read_table(workspace.pieces)
    splits = read_table(workspace.splits).set_index("piece_id")
    pieces["split"] = pieces.piece_id.map(splits.split)
    facts = read_facts_table(workspace.facts_table)
    frame_rate_hz = build(cfg.features, "features").frame_rate_hz(cfg.audio.sample_rate)
    arrays = FeatureArrays(workspace.features, pieces.piece_id)
    geometry = ClipGeometry.of(bundle.settings["dataset"], frame_rate_hz)
    embedded = embed_pieces(bundle.encoder, arrays, geometry)

    verdicts = report.verdict_table(pieces, embedded, bundle)
    judged = report.judge(
        verdicts,
        pieces,
        embedded,
        facts,
        bundle,
        build(cfg.decision, "decision"),
        cfg.evaluate.resamples,
        cfg.evaluate.seed,
    )
    sections = {
        name: build(node, f"evaluate.sections.{name}") for name, node in cfg.evaluate.sections.items()
    }
    found = report.metrics(judged, sections)
    found["warnings"] = report.warnings_of(found, cfg.evaluate.control_warning, 1 / len(bundle.labels))
    write_table(verdicts, workspace.verdicts)
    write_text(workspace.metrics / "evaluate.json", json.dumps(found, indent=2) + "\n")
    _draw(workspace, bundle, verdicts, pieces, embedded, arrays, frame_rate_hz)
    for section in sections.values():
        section.draw(judged, workspace.plots / "evaluation")
    tracker.log_metrics(run_id, found)
    tracker.log_files(run_id, "plots", workspace.plots / "evaluation")
    tracker.log_files(run_id, "evaluation", workspace.metrics / "evaluate.json", workspace.verdicts)
    return summary(found, verdicts, bundle.labels, workspace, tracker.uri, run_id)


def _draw(
    workspace: Workspace,
    bundle: Bundle,
    verdicts: pd.DataFrame,
    pieces: pd.DataFrame,
    embedded: Any,
    arrays: Any,
    frame_rate_hz: float,
) -> None:
    folder = workspace.plots / "evaluation"
    for split, table in report.confusions(verdicts, bundle.labels).items():
        write_table(table, folder / f"confusion_{split}.csv")
        matrix = confusion(table.actual, table.predicted, bundle.labels)
        plots.confusion_picture(matrix, bundle.labels, f"{split} pieces", folder / f"confusion_{split}.png")
    means = bundle.decision.whitened(np.stack([clips.mean(axis=0) for clips in embedded.clips]))
    names = np.where(pieces.role == KNOWN, pieces.label, "")
    plots.embedding_picture(means, names, list(pieces.split), bundle.labels, folder / "embeddings.png")
    test = verdicts[(verdicts.role == KNOWN) & (verdicts.split == "test")]
    right = (test.nearest_label == test.label).to_numpy(bool)
    curve = risk_coverage(test.confidence.to_numpy(float), right)
    write_table(curve.round(6), folder / "risk_coverage.csv")
    plots.risk_coverage_picture(curve.coverage, curve.risk, folder / "risk_coverage.png")
    confidence = test.confidence.to_numpy(float)
    bins = reliability(confidence, right.astype(float), np.ones(len(test)))
    write_table(bins.round(6), folder / "reliability.csv")
    plots.reliability_picture(bins.confidence, bins.accuracy, bins.weight, folder / "reliability.png")
    known = test.distance.to_numpy(float)
    unknown = verdicts[verdicts.role == TEST].distance.to_numpy(float)
    plots.open_set_picture(known, unknown, bundle.decision.threshold, folder / "open_set.png")
    examples = pieces[pieces.split == "train"].drop_duplicates("label").head(4)
    frames = round(10 * frame_rate_hz)
    plots.spectrogram_picture(
        [arrays.clip(index, 0, frames)[0] for index in examples.index],
        [f"{row.label}: {row.title}" for row in examples.itertuples()],
        frame_rate_hz,
        folder / "spectrograms.png",
    )
