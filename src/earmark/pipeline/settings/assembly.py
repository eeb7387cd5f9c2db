"""Which parts of a config fit together, and the model that they make: said before anything is computed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from earmark import decisions, features, models  # noqa: F401  (a config chooses)
from earmark.foundation.errors import EarmarkError
from earmark.learning import objectives, samplers  # noqa: F401  (a config chooses)
from earmark.music.clips import ClipGeometry
from earmark.pipeline.settings.config import build, plain, target_of

HEAD = "earmark.models.classifier.Classifier"


@dataclass(frozen=True)
class Input:
    """What a model is fed with: its shape, and how many classes there are to tell apart."""

    channels: int
    bands: int
    frames: int
    classes: int

    @classmethod
    def of(cls, cfg: Any, classes: int) -> Input:
        """As the config's front end and clips give it."""
        front_end = build(cfg.features, "features")
        geometry = ClipGeometry.of(cfg.dataset, front_end.frame_rate_hz(cfg.audio.sample_rate))
        channels = front_end.channels(cfg.audio.channels)
        return cls(channels, front_end.bands(), geometry.frames, classes)


def model_node(cfg: Any, expected: Input) -> dict[str, Any]:
    """The model's node with its input's shape; a linear head is put on an encoder where the objective
    needs class scores and the encoder gives embeddings.

    Raises EarmarkError where parts do not fit together.
    """
    node = {name: value for name, value in plain(cfg.model).items() if name != "init"}
    model = target_of(node, "model")
    objective, decision = target_of(cfg.objective, "objective"), target_of(cfg.decision, "decision")
    sampler = target_of(cfg.sampler, "sampler")
    names = {part: plain(cfg[part])["_target_"].rpartition(".")[2] for part in ("objective", "decision")}
    gives, needs = model.gives, objective.needs
    if gives == "scores" and needs == "embeddings":
        raise EarmarkError(
            f"config: {model.__name__} gives class scores and {names['objective']} learns from embeddings: "
            "choose objective=cross_entropy, or another model"
        )
    shape = {"channels": expected.channels, "bands": expected.bands, "frames": expected.frames}
    if needs == "scores" and gives == "embeddings":
        # Not recursive: the head builds its encoder itself, once it knows the input's shape.
        node, gives = {"_target_": HEAD, "_recursive_": False, "encoder": node}, "scores"
    if gives == "scores":
        shape["classes"] = expected.classes
    if gives not in decision.needs:
        raise EarmarkError(
            f"config: {names['decision']} decides by {' or '.join(decision.needs)} and the model gives "
            f"{gives} under {names['objective']}: choose "
            + ("decision=prototype" if gives == "embeddings" else "decision=vote, or objective=triplet")
        )
    wanted = getattr(objective, "needs_batches", "classes")
    if wanted != sampler.gives:
        suited = {"triplets": "sampler=anchors", "classes": "sampler=class_work"}[wanted]
        raise EarmarkError(
            f"config: {names['objective']} learns from batches of {wanted}, and {sampler.__name__} gives "
            f"{sampler.gives}: choose {suited}, or another objective"
        )
    return {**node, **shape}


def check_assembly(cfg: Any) -> None:
    """Raise EarmarkError where model, front end, objective, sampler and decision cannot work together.

    Builds the model without memory for its weights (torch's meta device).
    """
    import torch

    expected = Input.of(cfg, len(cfg.data.labels) or 2)
    node = model_node(cfg, expected)
    with torch.device("meta"):
        build(node, "model")
    objective = build(cfg.objective, "objective")
    _check_augmentation(cfg, node)
    for name in ("seed", "labels", "groups"):
        if name in cfg.sampler:
            raise EarmarkError(f"config: sampler.{name} is not for a config to set")
    labels = ["a", "a", "b", "b"]
    batch = next(iter(build_sampler(cfg.sampler, labels, ["1", "2", "3", "4"], seed=0)))
    counts = Counter(labels[index] for index in batch)
    if objective.needs == "embeddings" and (len(counts) < 2 or max(counts.values()) < 2):
        raise EarmarkError(
            "config: a batch needs two clips of one class and one of another to hold a triplet: raise "
            "sampler.classes_per_batch, works_per_class or clips_per_piece"
        )


def _check_augmentation(cfg: Any, node: dict[str, Any]) -> None:
    """Training clips are changed in decibels and by bands: refuse that where rows are something else."""
    front_end, dataset = target_of(cfg.features, "features"), cfg.dataset
    if getattr(front_end, "in_decibels", False) or gradient_free(target_of(node, "model")):
        return
    for name in ("max_gain_db", "max_band_shift", "max_masked_bands"):
        if dataset[name]:
            raise EarmarkError(
                f"dataset.{name}={dataset[name]:g} changes bands in dB, and those of {front_end.__name__} "
                "are none: dataset=plain"
            )


def build_sampler(node: Any, labels: list[str], groups: list[str], seed: int) -> Any:
    """The batch sampler of a config over pieces with these labels and works."""
    return build(node, "sampler", labels=labels, groups=groups, seed=seed)


def gradient_free(model: Any) -> bool:
    """True for classical classifiers, which scikit-learn fits at once."""
    return bool(getattr(model, "gradient_free", False))
