"""Parts that are trained together: whether they fit, and the model that they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earmark import decisions, features, models  # noqa: F401  (settings name members of them: all count)
from earmark.foundation.contracts import ClassicalModel, Sampler
from earmark.foundation.errors import EarmarkError
from earmark.foundation.targets import build, kind_of
from earmark.learning import objectives, samplers  # noqa: F401  (likewise)

if TYPE_CHECKING:
    from earmark.music.recipe import Recipe

HEAD = "earmark.models.classifier.Classifier"
CLASSES_UNSEEN = 2  # classes of a model that is checked before the corpus is known
Node = Mapping[str, Any]  # `_target_` and settings


@dataclass(frozen=True)
class Parts:
    """The parts of a system, as settings name them: `_target_` and settings each.

    Attributes:
        recipe: From a piece's file to features; its front end and clips give the shape of the input.
        model: From clips to embeddings or scores.
        objective: What training minimises.
        sampler: Which batches it is minimised on.
        decision: From what the model gives for a piece's clips to a label.
    """

    recipe: Recipe
    model: Node
    objective: Node
    sampler: Node
    decision: Node

    def model_node(self, classes: int) -> dict[str, Any]:
        """The model's node with its input's shape.

        A linear head is put on an encoder where the objective needs class scores and the encoder gives
        embeddings.

        Args:
            classes: Number of labels.

        Raises:
            EarmarkError: The parts do not fit together.
        """
        model = kind_of(self.model, "model")
        objective, decision = kind_of(self.objective, "objective"), kind_of(self.decision, "decision")
        sampler = kind_of(self.sampler, "sampler")
        node, gives = dict(self.model), model.gives
        if gives == "scores" and objective.needs == "embeddings":
            raise EarmarkError(
                f"config: {model.__name__} gives class scores and {objective.__name__} learns from "
                "embeddings: choose objective=cross_entropy, or another model"
            )
        shape = self._input_shape()
        if objective.needs == "scores" and gives == "embeddings":
            # Not recursive: the head builds its encoder itself, once it knows the input's shape.
            node, gives = {"_target_": HEAD, "_recursive_": False, "encoder": node}, "scores"
        if gives == "scores":
            shape["classes"] = classes
        if gives not in decision.needs:
            raise EarmarkError(
                f"config: {decision.__name__} decides by {' or '.join(decision.needs)} and the model gives "
                f"{gives} under {objective.__name__}: choose "
                + ("decision=prototype" if gives == "embeddings" else "decision=vote, or objective=triplet")
            )
        if objective.needs_batches != sampler.gives:
            suited = {"triplets": "sampler=anchors", "classes": "sampler=class_work"}[objective.needs_batches]
            raise EarmarkError(
                f"config: {objective.__name__} learns from batches of {objective.needs_batches}, and "
                f"{sampler.__name__} gives {sampler.gives}: choose {suited}, or another objective"
            )
        return {**node, **shape}

    @property
    def model_name(self) -> str:
        """The model's class, for messages."""
        return kind_of(self.model, "model").__name__

    def _input_shape(self) -> dict[str, int]:
        front_end = self.recipe.front_end
        channels = front_end.channels(self.recipe.format.channels)
        return {"channels": channels, "bands": front_end.bands(), "frames": self.recipe.clips.frames}

    def batches(self, labels: Sequence[str], groups: Sequence[str], seed: int) -> Sampler:
        """The sampler over pieces.

        Args:
            labels: The label of each piece.
            groups: The work of each piece.
            seed: Of every choice.

        Raises:
            EarmarkError: It does not know a setting, or refuses its value.
        """
        return build(self.sampler, "sampler", labels=labels, groups=groups, seed=seed)


def check_parts(parts: Parts, labels: Sequence[str]) -> None:
    """Check that front end, model, objective, sampler and decision can work together.

    Builds the model without memory for its weights (torch's meta device).

    Args:
        parts: The parts.
        labels: Setting data.labels; empty where the corpus decides.

    Raises:
        EarmarkError: They cannot.
    """
    import torch

    from earmark.models.array_module import build_model

    kind_of(parts.recipe.settings.features, "features")
    node = parts.model_node(len(labels) or CLASSES_UNSEEN)
    with torch.device("meta"):
        model = build_model(node)
    objective = build(parts.objective, "objective")
    build(parts.decision, "decision")
    _check_augmentation(parts.recipe, classical=isinstance(model, ClassicalModel))
    for name in ("seed", "labels", "groups"):
        if name in parts.sampler:
            raise EarmarkError(f"config: sampler.{name} is not for a config to set")
    sample = ["a", "a", "b", "b"]
    batch = next(iter(parts.batches(sample, ["1", "2", "3", "4"], seed=0)))
    counts = Counter(sample[index] for index in batch)
    if objective.needs == "embeddings" and (len(counts) < 2 or max(counts.values()) < 2):
        raise EarmarkError(
            "config: a batch needs two clips of one class and one of another to hold a triplet: raise "
            "sampler.classes_per_batch, works_per_class or clips_per_piece"
        )


def _check_augmentation(recipe: Recipe, classical: bool) -> None:
    """Refuse augmentation in decibels and by bands where the front end's rows are something else."""
    if recipe.front_end.in_decibels or classical:
        return
    dataset = recipe.settings.dataset
    for name, value in (
        ("max_gain_db", dataset.max_gain_db),
        ("max_band_shift", dataset.max_band_shift),
        ("max_masked_bands", dataset.max_masked_bands),
    ):
        if value:
            raise EarmarkError(
                f"dataset.{name}={value:g} changes bands in dB, and those of "
                f"{type(recipe.front_end).__name__} are none: dataset=plain"
            )
