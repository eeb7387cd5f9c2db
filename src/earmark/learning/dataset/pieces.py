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
from earmark.music.clips import ClipGeometry

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LabelledPieces:
    """Pieces of one split: arrays of their features and, row by row, label and work."""

    arrays: FeatureArrays
    labels: list[str]
    groups: list[str]

    @classmethod
    def of(cls, rows: pd.DataFrame, features: Path) -> LabelledPieces:
        """From rows of data/splits.csv and the folder data/features."""
        return cls(FeatureArrays(features, list(rows.piece_id)), list(rows.label), list(rows.group))


@dataclass(frozen=True)
class TrainingData:
    """Pieces to learn from and to validate by, and how clips of them become batches.

    classes: the labels in the order of class numbers. clips: their lengths. validation_max_clips: of each
    piece while training is watched; 0 for no limit. batches: the sampler of (labels, works, seed).
    augmentation, transposition: random changes of training clips.
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
