"""What a part of a system must have: the six kinds of parts that a user adds, and what passes between them.

A part is a class in one file and a YAML file in `conf/` that names it by `_target_`. Nothing is registered:
`lacks` compares a class with the Protocol of its kind before anything is computed.

| part | folder | Protocol | YAML in |
|---|---|---|---|
| front end | `features/` | `FrontEnd` | `conf/features/` |
| model | `models/` | `Model`, `ClassicalModel` | `conf/model/` |
| objective | `learning/objectives/` | `Objective` | `conf/objective/` |
| sampler | `learning/samplers/` | `Sampler` | `conf/sampler/` |
| decision | `decisions/` | `Decision`, `FittedDecision` | `conf/decision/` |
| evaluation section | `evaluation/` | `Section` | `conf/evaluate/` |

Settings that cannot work raise ValueError in the constructor (front ends: in `check`, which knows the
sampling rate): the stage `compose` builds every part, so that a user reads it before anything is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import torch

Metrics = dict[str, dict[str, float | None]]
"""A metric's name to its `value` and the `low` and `high` end of its 95 % interval; None where undefined."""


class FrontEnd(Protocol):
    """From sound to what a model sees: a frozen dataclass whose fields are the settings.

    Its result is stored once for each piece, whole, as float16, under a key made of the sound, the settings
    and the code of the class. Raises PieceError where a piece cannot be transformed.
    """

    @property
    def in_decibels(self) -> bool:
        """Whether rows are neighbouring frequency bands in dB: training clips may then be made louder,
        shifted by bands and masked."""
        ...

    @property
    def bands_per_semitone(self) -> int:
        """Bands by which a transposition of a semitone shifts the result; 0 where it is no shift."""
        ...

    @property
    def uses_torch(self) -> bool:
        """Whether the transform runs in torch, which is then held to one thread."""
        ...

    def check(self, sample_rate_hz: int) -> None:
        """Raise ValueError where the settings cannot work at this sampling rate."""
        ...

    def bands(self) -> int:
        """Rows of the result."""
        ...

    def channels(self, audio_channels: int) -> int:
        """Channels of the result for audio of 1 or 2 channels. Raises ValueError where it cannot work."""
        ...

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        ...

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray | torch.Tensor:
        """Waveform (channels, samples) of float32, full scale 1, to (channels, bands, frames)."""
        ...


class Model(Protocol):
    """A `torch.nn.Module` from clips to embeddings or to class scores.

    It is built as `Model(channels=, bands=, frames=, **settings)`, and with `classes=` as well where it gives
    scores. Embeddings serve an objective that needs them as they are; under one that needs scores the model
    gets a linear head (`earmark.models.classifier.Classifier`).
    """

    gives: Literal["embeddings", "scores"]
    """`embeddings` (batch, dimensions), or `scores` (batch, classes) before the softmax."""

    clip_by_clip: bool
    """Whether equal clips come out equal in training too, without batch normalisation and dropout: a clip
    that occurs twice in a batch is then encoded once."""

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (batch, channels, bands, frames) of float32 to (batch, dimensions or classes)."""
        ...


@runtime_checkable
class ClassicalModel(Protocol):
    """A model of class scores that is fitted at once, without gradients; its state_dict holds what it
    learned."""

    def summarise(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (batch, channels, bands, frames) to what `fit` takes: (batch, dimensions)."""
        ...

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Learn from summaries (n, dimensions), class numbers (n,) and weights (n,).

        Equal arguments give equal results.
        """
        ...

    def scores(self, summaries: torch.Tensor) -> torch.Tensor:
        """Summaries (n, dimensions) to scores (n, classes)."""
        ...


class Objective(Protocol):
    """What training minimises: a `torch.nn.Module`."""

    needs: Literal["embeddings", "scores"]
    """What the model must give."""

    needs_batches: Literal["classes", "triplets"]
    """`classes`: any clips with their class numbers. `triplets`: anchors, positives, negatives in equal
    parts."""

    def forward(self, outputs: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """The loss, a scalar, of outputs (n, dimensions or classes) with class numbers (n,)."""
        ...

    def monitored(self, outputs: torch.Tensor, classes: torch.Tensor) -> dict[str, torch.Tensor]:
        """Scalars that people watch beside the loss, by name; logged as train/<name>. One whose name begins
        with `loss_` takes the place of the loss in the curves: that of an objective which leaves out what it
        has learned does not fall."""
        ...


class Sampler(Protocol):
    """Batches of piece indices; an index that occurs twice stands for two clips of the piece.

    Built as `Sampler(labels=, groups=, seed=, **settings)` from the label and the work of every training
    piece. The order depends on seed and epoch alone.
    """

    gives: Literal["classes", "triplets"]
    """What its batches are: see `Objective.needs_batches`."""

    def set_epoch(self, epoch: int) -> None:
        """Called before each epoch."""
        ...

    def __len__(self) -> int:
        """Batches of an epoch."""
        ...

    def __iter__(self) -> Iterator[list[int]]:
        """The batches of the epoch."""
        ...


@dataclass(frozen=True)
class LabelledClips:
    """What a model gives for the clips of pieces, with what each piece is called.

    clips: for each piece (clips, dimensions) of embeddings or (clips, labels) of scores. labels: of each
    piece. works: the work that each piece belongs to; movements of one work stay together wherever pieces
    are held out.
    """

    clips: Sequence[np.ndarray]
    labels: Sequence[str]
    works: Sequence[str]

    def __len__(self) -> int:
        return len(self.clips)


@dataclass(frozen=True)
class Prediction:
    """What a decision makes of the clips of one piece.

    nearest: the most likely known label; label: the same, or `unknown` where it is rejected.
    confidence: probability of `nearest` among the known labels. share: of the clips (or of their
    votes) that speak for it. distance: how far from it the piece lies. distances: to every label, in
    the order of the labels. probabilities: of every label in that order, if it is one of them (labels,).
    """

    label: str
    nearest: str
    confidence: float
    share: float
    distance: float
    distances: np.ndarray
    probabilities: np.ndarray


class FittedDecision(Protocol):
    """A decision as a bundle keeps it: a frozen dataclass in a module of `decisions/`.

    `kind` names it in bundle.yaml, once among all decisions; arrays and numbers are all that is saved.
    """

    @property
    def kind(self) -> str:
        """How bundle.yaml calls this class."""
        ...

    @property
    def labels(self) -> list[str]:
        """The known labels, in the order of scores and distances."""
        ...

    @property
    def threshold(self) -> float:
        """The largest distance that is accepted; infinite where none is refused for its distance."""
        ...

    def whitened(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings (…, dimensions) where Euclidean distance is the distance of this decision."""
        ...

    def clip_probabilities(self, clips: np.ndarray) -> np.ndarray:
        """Probability of each label for each clip (clips, dimensions): (clips, labels)."""
        ...

    def distances(self, clips: np.ndarray) -> np.ndarray:
        """How far a piece lies from each label, from its clips (clips, dimensions): (labels,)."""
        ...

    def predict(self, clips: np.ndarray) -> Prediction:
        """What is said of a piece, from its clips (clips, dimensions)."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """What the decision consists of: arrays."""
        ...

    def numbers(self) -> dict[str, float]:
        """What the decision consists of: numbers."""
        ...

    @classmethod
    def restore(cls, labels: list[str], arrays: Mapping[str, np.ndarray], numbers: Mapping[str, Any]) -> Self:
        """From what `arrays` and `numbers` gave. Raises KeyError, TypeError or ValueError where that is not
        whole."""
        ...


class Decision(Protocol):
    """How the clips of a piece become one answer: a frozen dataclass whose fields are the settings."""

    @property
    def needs(self) -> Sequence[str]:
        """What the model may give: `embeddings`, `scores`, or both."""
        ...

    def fit(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
        calibration: Sequence[np.ndarray],
    ) -> FittedDecision:
        """The fitted decision. calibration: the clips (clips, dimensions) of each piece by strangers that the
        threshold is fixed on."""
        ...

    def held_out(self, labels: Sequence[str], train: LabelledClips, validation: LabelledClips) -> np.ndarray:
        """Distances of the validation pieces (pieces, labels), each by a decision that was fitted without
        the work it belongs to."""
        ...


class Evaluation(Protocol):
    """The evaluated pieces, as a section is given them.

    labels: the known ones, in the order of distances. verdicts: the table data/verdicts.csv. distances: by
    piece_id, to every label (labels,); those of validation pieces are held out. clips: by piece_id, the
    probabilities of its clips (clips, labels). facts: by piece_id, what the stage `validate` measured.
    """

    @property
    def labels(self) -> list[str]: ...
    @property
    def verdicts(self) -> pd.DataFrame: ...
    @property
    def distances(self) -> Mapping[str, np.ndarray]: ...
    @property
    def clips(self) -> Mapping[str, np.ndarray]: ...
    @property
    def facts(self) -> Mapping[str, Mapping[str, Any]]: ...

    def known(self, split: str) -> pd.DataFrame:
        """Verdicts on the known pieces of a split, by piece_id."""
        ...

    def unknown(self, role: str) -> pd.DataFrame:
        """Verdicts on the strangers of a role, by piece_id."""
        ...

    def numbers(self, names: Any) -> np.ndarray:
        """The places of these labels among `labels`."""
        ...

    def with_intervals(
        self, measure: Callable[[np.ndarray], Mapping[str, float]], rows: pd.DataFrame
    ) -> Metrics:
        """Each metric of `measure(weights of rows)` with its interval, resampled by work."""
        ...


class Section(Protocol):
    """What an experiment adds to the evaluation: a frozen dataclass whose fields are the settings."""

    def measure(self, evaluation: Evaluation) -> Metrics:
        """Its metrics: a section of metrics/evaluate.json under the name that conf/evaluate gives it."""
        ...

    def draw(self, evaluation: Evaluation, folder: Path) -> None:
        """Write its pictures and tables into `folder`; nothing where there are none."""
        ...


CONTRACTS: Mapping[str, type] = {
    "features": FrontEnd,
    "model": Model,
    "objective": Objective,
    "sampler": Sampler,
    "decision": Decision,
    "evaluate.sections": Section,
}
"""The Protocol of each config group whose parts a user adds."""


def lacks(part: type, contract: type) -> list[str]:
    """Members of `contract` (a Protocol) that the class `part` neither defines nor annotates, in its
    order."""
    defined = {name for base in contract.__mro__ if base not in (Protocol, object) for name in vars(base)}
    annotated = {name for base in contract.__mro__ for name in vars(base).get("__annotations__", {})}
    special = {"__call__", "__len__", "__iter__"}
    wanted = {name for name in defined | annotated if not name.startswith("_") or name in special}
    own = {name for base in part.__mro__ if base is not object for name in vars(base)}
    own |= {name for base in part.__mro__ for name in vars(base).get("__annotations__", {})}
    return sorted(wanted - own)
