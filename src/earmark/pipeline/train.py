"""Stage train: features and splits become a bundle in `models/`, and a run in MLflow."""

from __future__ import annotations

import json
import logging
import time
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from earmark.bundle import Bundle, bundle_hash
from earmark.decisions.labelled import LabelledClips
from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.learning.devices import node_rank
from earmark.music.catalog import CALIBRATION, KNOWN, read_table
from earmark.music.synthesis.soundfont import soundfont_digest, soundfont_path
from earmark.pipeline.settings.assembly import Input, build_sampler, gradient_free, model_node
from earmark.pipeline.settings.config import build, plain
from earmark.pipeline.tracking.provenance import data_hash
from earmark.pipeline.tracking.stage_run import logs_bundle_at_once, training_run

IDENTIFICATION = ("midi", "render", "audio", "features", "dataset")


def run(cfg: Any, workspace: Workspace) -> None:
    """Train, keep the best encoder with prototypes, threshold and references, and log the run."""
    if node_rank(cfg.trainer):
        _learn(cfg, workspace, None)
        say("train: done here; the first machine keeps the model")
        return
    with training_run(cfg, workspace) as (tracker, run_id):
        started = time.monotonic()
        bundle, summary, history = _train(cfg, workspace, tracker.lightning_logger(run_id))
        # Not in metrics/train.json, which the same settings must give again to the byte.
        tracker.log_metrics(run_id, {"train": {"duration_s": round(time.monotonic() - started, 3)}})
        bundle.save(workspace.models)
        write_text(workspace.metrics / "train.json", json.dumps(summary, indent=2) + "\n")
        _write_history(history, summary["monitored"], workspace)
        tracker.tag(
            run_id,
            bundle=bundle_hash(workspace.models),
            data=data_hash(workspace.pieces, workspace.splits),
            monitored=summary["monitored"],  # scores of two kinds cannot be compared
        )
        tracker.log_metrics(run_id, {"train": summary})
        tracker.log_files(run_id, "plots", workspace.plots / "training")
        if logs_bundle_at_once(cfg.tracking.log_bundle, workspace):
            tracker.log_files(run_id, "bundle", workspace.models)
    score = summary["monitored"].replace("/", " ").replace("_", " ")
    say(f"train: {score} {summary['score']:.4f} in epoch {summary['kept_epoch']}, which is kept")


@dataclass(frozen=True)
class _Learned:
    """What training leaves, and what it was made of. found: None on all machines but the first."""

    found: Any
    encoder: Any
    model: dict[str, Any]
    classes: list[str]
    geometry: Any
    train: Any
    validation: Any


def _learn(cfg: Any, workspace: Workspace, logger: Any) -> _Learned:
    import pytorch_lightning as pl
    import torch

    from earmark.learning.dataset.module import LabelledPieces
    from earmark.learning.training import fit_classical
    from earmark.music.clips import ClipGeometry

    for name in ("pytorch_lightning", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(cfg.trainer.threads)
    pl.seed_everything(cfg.trainer.seed, workers=True, verbose=False)
    splits = read_table(workspace.splits)
    known = splits[splits.role == KNOWN]
    classes = list(cfg.data.labels) or sorted(known.label.unique())
    train, validation = (
        LabelledPieces.of(known[known.split == split], workspace.features)
        for split in ("train", "validation")
    )
    front_end = build(cfg.features, "features")
    geometry = ClipGeometry.of(cfg.dataset, front_end.frame_rate_hz(cfg.audio.sample_rate))
    model = model_node(cfg, Input.of(cfg, len(classes)))
    encoder = build(model, "model")
    if cfg.model.get("init"):
        _start_from(encoder, Path(cfg.model.init))
    say(
        f"train: {len(train.labels)} pieces of {len(classes)} labels, {type(encoder).__name__} with "
        f"{_weight_count(encoder):,} parameters, clips of {geometry.frames} frames"
    )
    if gradient_free(encoder):
        found = fit_classical(encoder, train, validation, classes, geometry, cfg.trainer.seed)
    else:
        found = _fit(cfg, encoder, train, validation, classes, geometry, front_end, logger)
    return _Learned(found, encoder, model, classes, geometry, train, validation)


def _weight_count(encoder: Any) -> int:
    return sum(tensor.numel() for tensor in encoder.parameters())


def _train(cfg: Any, workspace: Workspace, logger: Any) -> tuple[Bundle, dict, list]:
    from earmark.learning.dataset.module import LabelledPieces
    from earmark.learning.embed import embed_pieces

    learned = _learn(cfg, workspace, logger)
    found, geometry, train = learned.found, learned.geometry, learned.train
    encoder = learned.encoder.cpu()
    encoder.load_state_dict(found.weights)
    splits = read_table(workspace.splits)
    titles = read_table(workspace.pieces).set_index("piece_id").title
    strangers = splits[splits.role == CALIBRATION]
    calibration = LabelledPieces.of(strangers, workspace.features)
    embedded = embed_pieces(encoder, train.arrays, geometry)
    heard = embed_pieces(encoder, learned.validation.arrays, geometry)
    decision = build(cfg.decision, "decision").fit(
        learned.classes,
        LabelledClips(embedded.clips, train.labels),
        LabelledClips(heard.clips, learned.validation.labels),
        embed_pieces(encoder, calibration.arrays, geometry).clips if len(strangers) else [],
    )
    counts = [len(clips) for clips in embedded.clips]
    references = {
        "piece_id": np.repeat(train.arrays.piece_ids, counts),
        "label": np.repeat(train.labels, counts),
        "title": np.repeat(titles.loc[list(train.arrays.piece_ids)], counts),
        "group": np.repeat(train.groups, counts),
        "start_s": np.round(np.concatenate(embedded.starts_s), 3),
    }
    settings = {name: plain(cfg[name]) for name in IDENTIFICATION} | {"model": learned.model}
    settings["render"]["soundfont_sha256"] = _soundfont_digest(cfg.render.soundfont, workspace.project)
    bundle = Bundle(
        settings, found.weights, decision, references, np.concatenate(embedded.clips), cfg.data.question
    )
    summary = {
        "monitored": found.monitored,
        "score": round(found.score, 6),
        "kept_epoch": found.kept_epoch + 1,
        "epochs": len(found.history),
        "parameters": _weight_count(encoder),
        "pieces": len(train.labels),
    }
    return bundle, summary, found.history


def _fit(
    cfg: Any,
    encoder: Any,
    train: Any,
    validation: Any,
    classes: list[str],
    geometry: Any,
    front_end: Any,
    logger: Any,
) -> Any:
    from earmark.learning.dataset.transpose import Transposition
    from earmark.learning.training import fit

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="pytorch_lightning")
        return fit(
            encoder,
            build(cfg.objective, "objective"),
            build({**plain(cfg.trainer.optimizer), "_partial_": True}, "trainer.optimizer"),
            train,
            validation,
            classes,
            geometry,
            cfg.dataset,
            partial(build_sampler, plain(cfg.sampler)),
            Transposition.of(cfg.dataset.max_transposition, front_end, classes),
            cfg.trainer,
            logger,
        )


def _soundfont_digest(name: str, project: Path) -> str:
    """By which a bundle knows its soundfont, wherever that lies; "" where recordings needed none."""
    try:
        return soundfont_digest(soundfont_path(name, project))
    except EarmarkError:
        return ""


def _start_from(encoder: Any, folder: Path) -> None:
    """Weights of the bundle that model.init names, where they fit."""
    from earmark.models.initial import load_initial

    load_initial(encoder, Bundle.load(folder).weights, str(folder))


def _write_history(history: list[dict[str, float]], score: str, workspace: Workspace) -> None:
    from earmark.evaluation.plots import curves_picture
    from earmark.music.catalog import write_table

    folder = workspace.plots / "training"
    # One name for the curve that `dvc plots` draws, whatever the objective is judged by.
    rows = [
        {"epoch": epoch["epoch"], "train_loss": epoch.get("train/loss"), "validation_score": epoch.get(score)}
        for epoch in history
    ]
    write_table(pd.DataFrame(rows).round(6), folder / "history.csv")
    curves_picture(history, score, folder / "curves.png")
