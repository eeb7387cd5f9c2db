"""Stage evaluate: a verdict on every piece, metrics with intervals, pictures, and a summary to read."""

from __future__ import annotations

import json

import earmark.evaluation  # noqa: F401  (likewise)
from earmark import decisions  # noqa: F401  (a config chooses among their members)
from earmark.bundle import Bundle, bundle_hash
from earmark.decisions.embeddings import PieceEmbeddings
from earmark.evaluation import report
from earmark.evaluation.baseline import baseline_table
from earmark.evaluation.compared import figures
from earmark.evaluation.hearing import hearing_metrics
from earmark.evaluation.pictures import draw_curves, draw_pieces, draw_verdicts
from earmark.foundation.atomic import write_text
from earmark.foundation.progress import say
from earmark.foundation.targets import build
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import KNOWN, heard_beginnings, read_table, write_table
from earmark.pipeline.settings.schema import Config
from earmark.pipeline.summary import summary
from earmark.pipeline.tracking.stage_run import evaluation_run
from earmark.pipeline.tracking.tracker import Tracker
from earmark.store.records import read_records


def run(config: Config, workspace: Workspace) -> None:
    """Write data/verdicts.csv, metrics/ and plots/, and log them to the training's run."""
    with evaluation_run(config, workspace, bundle_hash(workspace.models)) as (tracker, run_id):
        text = _evaluate(config, workspace, tracker, run_id)
    say(text)


def _evaluate(config: Config, workspace: Workspace, tracker: Tracker, run_id: str) -> str:
    bundle = Bundle.load(workspace.models)
    pieces = read_table(workspace.splits)
    made = read_table(workspace.features_table).piece_id
    heard = heard_beginnings(pieces, made, config.features.get("notes_of"))
    count = len(pieces)
    all_embedded = PieceEmbeddings.load(workspace.embeddings, count + 2 * len(heard))
    embedded = all_embedded.rows(range(count))
    verdicts = report.verdict_table(pieces, embedded, bundle)
    evaluation = report.evaluated_pieces(
        verdicts,
        pieces,
        embedded,
        read_records(workspace.facts_table),
        bundle,
        build(config.decision, "decision"),
        config.evaluate.resamples,
        config.evaluate.seed,
    )
    sections = {
        name: build(node, f"evaluate.sections.{name}") for name, node in config.evaluate.sections.items()
    }
    known = pieces[(pieces.role == KNOWN) & (pieces.split != "validation")]
    averages = baseline_table(workspace.features, known.piece_id)
    metrics = report.metrics(evaluation, sections, averages)
    if len(heard):
        guesses = [bundle.decision.predict(clips).nearest for clips in all_embedded.clips[count:]]
        excerpts = heard.assign(read=guesses[: len(heard)], heard=guesses[len(heard) :])
        metrics["hearing"] = hearing_metrics(evaluation, excerpts)
    metrics["warnings"] = report.warnings_of(metrics, config.evaluate.control_warning, 1 / len(bundle.labels))
    write_table(verdicts, workspace.verdicts)
    write_text(workspace.metrics / "evaluate.json", json.dumps(metrics, indent=2) + "\n")
    write_text(workspace.metrics / "summary.json", json.dumps(figures(metrics), indent=2) + "\n")
    folder = workspace.plots / "evaluation"
    draw_verdicts(verdicts, bundle, folder)
    draw_pieces(pieces, embedded, bundle, workspace.features, folder)
    draw_curves(workspace.plots / "training" / "history.csv", folder)
    for section in sections.values():
        section.draw(evaluation, folder)
    tracker.log_metrics(run_id, metrics)
    tracker.log_files(run_id, "plots", folder)
    tracker.log_files(run_id, "evaluation", workspace.metrics / "evaluate.json", workspace.verdicts)
    return summary(metrics, verdicts, bundle.labels, workspace, tracker.uri, tracker.page(run_id))
