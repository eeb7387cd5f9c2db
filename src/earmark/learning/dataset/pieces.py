"""What a training learns from: labelled pieces, and how clips are cut from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.foundation.contracts import Sampler
from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.transpose import Transposition
from earmark.music.clip_geometry import ClipGeometry

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LabelledPieces:
    """Pieces of one split.

    Attributes:
        arrays: Their features.
        labels: The label of each.
        groups: The work of each.
    """

    arrays: FeatureArrays
    labels: list[str]
    groups: list[str]

    @classmethod
    def of(cls, rows: pd.DataFrame, features: Path) -> LabelledPieces:
        """Pieces of a table.

        Args:
            rows: Of data/splits.csv.
            features: The folder data/features.
        """
        return cls(FeatureArrays(features, list(rows.piece_id)), list(rows.label), list(rows.group))


@dataclass(frozen=True)
class TrainingData:
    """Pieces to learn from and to validate by, and how clips of them become batches.

    Attributes:
        train: Pieces to learn from.
        validation: Pieces to validate by.
        classes: The labels in the order of class numbers.
        clips: Lengths of clips.
        batches: The sampler of (labels, works, seed).
        augmentation: Random changes of training clips.
        transposition: Random transposition of training clips and their keys.
        validation_max_clips: Clips of a piece while training is watched; 0 for no limit.
    """

    train: LabelledPieces
    validation: LabelledPieces
    classes: Sequence[str]
    clips: ClipGeometry
    batches: Callable[[Sequence[str], Sequence[str], int], Sampler]
    augmentation: Augmentation = field(default_factory=Augmentation)
    transposition: Transposition | None = None
    validation_max_clips: int = 0

    def numbers(self, pieces: LabelledPieces) -> list[int]:
        """The class number of each piece."""
        number = {label: index for index, label in enumerate(self.classes)}
        return [number[label] for label in pieces.labels]
