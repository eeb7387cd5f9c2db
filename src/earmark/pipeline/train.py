"""Stage train: features and splits become a bundle, embeddings of all pieces, and a run in MLflow."""

from __future__ import annotations

import json
import logging
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from earmark import decisions, features, models  # noqa: F401  (settings name members of them: all count)
from earmark.bundle import Bundle, bundle_hash
from earmark.decisions.domain import fit_domain
from earmark.decisions.embeddings import PieceEmbeddings
from earmark.foundation.atomic import write_text
from earmark.foundation.closure import code_version
from earmark.foundation.contracts import ClassicalModel, LabelledClips
from earmark.foundation.progress import say
from earmark.foundation.targets import build
from earmark.foundation.workspace import Workspace
from earmark.learning import objectives, samplers  # noqa: F401  (likewise)
from earmark.learning.devices import node_rank
from earmark.music.catalog import (
    CALIBRATION,
    KNOWN,
    RENDERING_MARK,
    heard_beginnings,
    read_table,
    write_table,
)
from earmark.music.clip_geometry import ClipGeometry, clip_of
from earmark.pipeline.settings.schema import Config
from earmark.pipeline.settings.without_effect import changes_results
from earmark.pipeline.tracking.provenance import data_hash, machine
from earmark.pipeline.tracking.stage_run import logs_bundle_at_once, training_run
from earmark.store.digest import digest_settings

if TYPE_CHECKING:
    import torch

    from earmark.learning.dataset.arrays import FeatureArrays
    from earmark.learning.dataset.pieces import TrainingData
    from earmark.learning.torch_parts import EncoderModule
    from earmark.learning.training import Fit
    from earmark.music.recipe import Recipe

COMPARED_CLIPS = 16  # of as many pieces, by which the exported network is compared with the trained one


def run(config: Config, workspace: Workspace) -> None:
    """Train, keep the best encoder in a bundle with its decision, embed all pieces, log the run."""
    if node_rank(config.trainer):
        learn(config, workspace, _with_renderings(workspace), None)
        say("train: done here; the first machine keeps the model")
        return
    with training_run(config, workspace) as (tracker, run_id):
        started = time.monotonic()
        bundle, summary, history = _train(config, workspace, tracker.lightning_logger(run_id))
        # Not in metrics/train.json, which the same settings must give again to the byte.
        tracker.log_metrics(run_id, {"train": {"duration_s": round(time.monotonic() - started, 3)}})
        bundle.save(workspace.models)
        write_text(workspace.metrics / "train.json", json.dumps(summary, indent=2) + "\n")
        _write_history(history, summary["monitored"], workspace.plots / "training")
        tracker.tag(
            run_id,
            bundle=bundle_hash(workspace.models),
            data=data_hash(workspace.pieces, workspace.splits),
            monitored=summary["monitored"],  # scores of two kinds cannot be compared
        )
        tracker.log_metrics(run_id, {"train": summary})
        tracker.log_files(run_id, "plots", workspace.plots / "training")
        if logs_bundle_at_once(config.tracking.log_bundle, workspace):
            tracker.log_files(run_id, "bundle", workspace.models)
    score = summary["monitored"].replace("/", " ").replace("_", " ")
    if summary["parameters"]:
        say(f"train: {score} {summary['score']:.4f} in epoch {summary['kept_epoch']}, which is kept")
    else:
        say(f"train: {score} {summary['score']:.4f} before the decision weighs what the model gives")


@dataclass(frozen=True)
class Learned:
    """What training leaves, and what it was made of.

    Attributes:
        fit: Weights and curves; None on all machines but the first.
        encoder: The model.
        model: Its node, with its input's shape.
        data: Pieces that it learned from and was validated by.
        recipe: From a piece's file to features.
    """

    fit: Fit | None
    encoder: torch.nn.Module
    model: dict[str, Any]
    data: TrainingData
    recipe: Recipe


def learn(config: Config, workspace: Workspace, splits: pd.DataFrame, logger: Any) -> Learned:
    """Train the model that a config names.

    Args:
        config: The settings.
        workspace: Has the features.
        splits: Pieces and their further renderings, with role and split.
        logger: Lightning's, which is given the values of every epoch; None for none.

    Raises:
        EarmarkError: Parts do not fit together, or features cannot be read.
    """
    import pytorch_lightning as pl
    import torch

    from earmark.learning.classical import fit_classical
    from earmark.learning.dataset.augment import Augmentation
    from earmark.learning.dataset.pieces import LabelledPieces, TrainingData
    from earmark.learning.dataset.transpose import Transposition
    from earmark.learning.reproducible import pin_routines

    if config.trainer.reproducible:
        pin_routines()
    for name in ("pytorch_lightning", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(config.trainer.threads)
    pl.seed_everything(config.trainer.seed, workers=True, verbose=False)
    known = splits[splits.role == KNOWN]
    classes = config.data.labels or sorted(known.label.unique())
    recipe, dataset = config.recipe(workspace), config.dataset
    parts = config.parts(recipe)
    train, validation = (
        LabelledPieces.of(known[known.split == split], workspace.features)
        for split in ("train", "validation")
    )
    data = TrainingData(
        train=train,
        validation=validation,
        classes=classes,
        clips=recipe.clips,
        batches=parts.batches,
        augmentation=Augmentation(dataset.max_gain_db, dataset.max_band_shift, dataset.max_masked_bands),
        transposition=Transposition.of(dataset.max_transposition, recipe.front_end, classes),
        validation_max_clips=dataset.validation_max_clips,
    )
    from earmark.models.array_module import build_model

    model = parts.model_node(len(classes))
    encoder = cast("EncoderModule", build_model(model))
    if config.model_init:
        _start_from(encoder, Path(config.model_init))
    weights = f" with {count:,} parameters" if (count := _weight_count(encoder)) else ""
    say(
        f"train: {len(train.labels)} pieces and renderings of {len(classes)} labels, "
        f"{parts.model_name}{weights}, clips of {recipe.clips.frames} frames"
    )
    if isinstance(encoder, ClassicalModel):
        fit = fit_classical(encoder, data, config.trainer.seed)
    else:
        fit = _fit(config, encoder, data, logger, _checkpoints(config, workspace))
    return Learned(fit, encoder, model, data, recipe)


def _weight_count(encoder: torch.nn.Module) -> int:
    return sum(tensor.numel() for tensor in encoder.parameters())


def _checkpoints(config: Config, workspace: Workspace) -> Path | None:
    """The folder where a training of this config, data and code goes on; None for several machines."""
    if config.trainer.num_nodes > 1:  # the first one alone has checkpoints
        return None
    sections = {name: section for name, section in config.as_dict().items() if changes_results(name)}
    tables = data_hash(workspace.splits, workspace.features_table)
    made_of = {"config": sections, "data": tables, "code": code_version(__name__), **machine()}
    return workspace.checkpoints / digest_settings(made_of)[:16]


def _fit(
    config: Config, encoder: EncoderModule, data: TrainingData, logger: Any, checkpoints: Path | None
) -> Fit | None:
    from earmark.learning.training import Trainable, fit

    optimizer = build({**config.trainer.optimizer, "_partial_": True}, "trainer.optimizer")
    model = Trainable(encoder, build(config.objective, "objective"), optimizer)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="pytorch_lightning")
        return fit(model, data, config.trainer, logger, checkpoints)


def _train(
    config: Config, workspace: Workspace, logger: Any
) -> tuple[Bundle, dict[str, Any], list[dict[str, float]]]:
    from earmark.learning.dataset.arrays import FeatureArrays
    from earmark.learning.embed import embed_pieces

    splits = _with_renderings(workspace)
    learned = learn(config, workspace, splits, logger)
    fit, encoder = learned.fit, learned.encoder.cpu()
    assert fit is not None
    encoder.load_state_dict(fit.weights)
    arrays = FeatureArrays(workspace.features, list(splits.piece_id))
    embedded = embed_pieces(encoder, arrays, learned.recipe.clips)
    is_piece = ~splits.piece_id.str.contains(RENDERING_MARK, regex=False)
    beginnings = _beginnings(config, workspace, splits[is_piece], learned)
    embedded.rows(np.flatnonzero(is_piece)).followed_by(beginnings).save(workspace.embeddings)

    train = splits[(splits.role == KNOWN) & (splits.split == "train")]
    validation = splits[(splits.role == KNOWN) & (splits.split == "validation")]
    strangers = splits[splits.role == CALIBRATION]
    decision = build(config.decision, "decision").fit(
        learned.data.classes,
        _labelled(embedded, train),
        _labelled(embedded, validation),
        embedded.rows(strangers.index.to_numpy()).clips,
    )
    pieces = train[is_piece[train.index]]
    references, embeddings = _references(embedded.rows(pieces.index.to_numpy()), pieces)
    settings = {**learned.recipe.lasting_settings().sections(), "model": learned.model}
    learned_from = FeatureArrays(workspace.features, list(train.piece_id))
    domain = fit_domain(learned_from.piece(index) for index in range(len(train)))
    weights = {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}
    bundle = Bundle(
        *(settings, weights, decision, references, embeddings, config.data.question, domain),
        network=_network(encoder, learned_from, learned.recipe.clips),
    )
    summary = {
        "monitored": fit.monitored,
        "score": round(fit.score, 6),
        "kept_epoch": fit.kept_epoch + 1,
        "epochs": len(fit.history),
        "parameters": _weight_count(encoder),
        "pieces": len(pieces),
    }
    return bundle, summary, fit.history


def _beginnings(
    config: Config, workspace: Workspace, pieces: pd.DataFrame, learned: Learned
) -> PieceEmbeddings:
    """Embeddings of the first seconds of test pieces: all as they are read, then all as they are heard."""
    from earmark.learning.dataset.arrays import Beginnings, FeatureArrays
    from earmark.learning.embed import embed_pieces

    made = read_table(workspace.features_table).piece_id
    table = heard_beginnings(pieces, made, config.features.get("notes_of"))
    heard = FeatureArrays(workspace.features, list(table.rendering))
    lengths = [heard.frames(index) for index in range(len(heard))]
    read = Beginnings(workspace.features, list(table.piece_id), lengths)
    encoder, clips = learned.encoder, learned.recipe.clips
    return embed_pieces(encoder, read, clips).followed_by(embed_pieces(encoder, heard, clips))


def _network(encoder: torch.nn.Module, arrays: FeatureArrays, geometry: ClipGeometry) -> bytes:
    """The network as ONNX, compared by clips of training pieces; empty where it needs or has none."""
    from earmark.models.array_module import ArrayModule
    from earmark.models.onnx_export import NotExported, exported

    if isinstance(encoder, ArrayModule):
        return b""
    pieces = range(0, len(arrays), max(len(arrays) // COMPARED_CLIPS, 1))
    clips = [clip_of(arrays.piece(index), 0, geometry.frames) for index in pieces]
    try:
        return exported(encoder.eval(), np.stack(clips[:COMPARED_CLIPS]).astype(np.float32))
    except NotExported as error:
        say(f"train: no ONNX beside the weights, so that this bundle needs earmark[train]: {error}")
        return b""


def _with_renderings(workspace: Workspace) -> pd.DataFrame:
    """The table of splits, and after it a row for each further rendering of a piece that is not tested."""
    splits = read_table(workspace.splits)
    names = read_table(workspace.features_table).piece_id
    further = pd.DataFrame({"name": names[names.str.contains(RENDERING_MARK, regex=False)]})
    further["piece_id"] = [name.rpartition(RENDERING_MARK)[0] for name in further["name"]]
    learned_from = splits[((splits.role == KNOWN) & (splits.split != "test")) | (splits.role == CALIBRATION)]
    rows = learned_from.merge(further, on="piece_id").assign(piece_id=lambda table: table["name"])
    return pd.concat([splits, rows[splits.columns]], ignore_index=True)


def _labelled(embedded: PieceEmbeddings, rows: pd.DataFrame) -> LabelledClips:
    renderings = rows.piece_id.str.contains(RENDERING_MARK, regex=False)
    return LabelledClips(
        embedded.rows(rows.index.to_numpy()).clips,
        list(rows.label),
        list(rows.group),
        list(renderings) if renderings.any() else (),
    )


def _references(embedded: PieceEmbeddings, train: pd.DataFrame) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The bundle's columns, a row for each clip of the training pieces, and the embeddings of these clips."""
    counts = [len(clips) for clips in embedded.clips]
    columns = {
        name: np.repeat(train[name].to_numpy(), counts) for name in ("piece_id", "label", "title", "group")
    }
    columns["start_s"] = np.round(np.concatenate(embedded.starts_s), 3)
    return columns, np.concatenate(embedded.clips)


def _start_from(encoder: torch.nn.Module, folder: Path) -> None:
    """Weights of the bundle that model.init names, where they fit."""
    import torch

    from earmark.models.initial import load_initial

    weights = Bundle.load(folder).weights
    load_initial(encoder, {name: torch.from_numpy(array) for name, array in weights.items()}, str(folder))


def _write_history(history: list[dict[str, float]], score: str, folder: Path) -> None:
    """The curves as a table, under one name for `dvc plots`, whatever the objective is selected by."""
    from earmark.learning.epochs import curve_of

    rows = [
        {
            "epoch": epoch["epoch"],
            "train_loss": epoch.get(curve_of(epoch)),
            "validation_score": epoch.get(score),
        }
        for epoch in history
    ]
    write_table(pd.DataFrame(rows).round(6), folder / "history.csv")
