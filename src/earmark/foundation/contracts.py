"""What a part of a system must have: the six kinds of parts that a user adds, and what passes between them.

A part is a class in one file and a YAML file in `conf/` that names it by `_target_`. Nothing is registered:
`foundation.targets.kind_of` compares a class with the Protocol of its kind before anything is computed.

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

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    and the code of the class. It raises PieceError where a piece cannot be transformed.
    """

    @property
    def in_decibels(self) -> bool:
        """Whether rows are neighbouring frequency bands in dB.

        Training clips may then be made louder, shifted by bands and masked.
        """
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
        """Check the settings against a sampling rate.

        Raises:
            ValueError: They cannot work together.
        """
        ...

    def bands(self) -> int:
        """Rows of the result."""
        ...

    def channels(self, audio_channels: int) -> int:
        """Channels of the result for audio of 1 or 2 channels.

        Raises:
            ValueError: It cannot work with so many.
        """
        ...

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        ...

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray | torch.Tensor:
        """Transform a piece.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Samples per second.

        Returns:
            (channels, bands, frames).

        Raises:
            PieceError: This piece cannot be transformed.
        """
        ...


@runtime_checkable
class NotesFrontEnd(FrontEnd, Protocol):
    """A front end that can do without the sound of a MIDI file, whose notes are known."""

    @property
    def notes_of(self) -> str:
        """Where the notes of a MIDI file are from: `sound` or `file`. Recordings are always heard."""
        ...

    def of_notes(
        self, onset_s: np.ndarray, end_s: np.ndarray, pitch: np.ndarray, program: np.ndarray
    ) -> np.ndarray:
        """Make of known notes what their sound would give, if all of them were heard.

        Args:
            onset_s: Seconds (n,).
            end_s: Seconds (n,).
            pitch: MIDI numbers (n,).
            program: General MIDI programs, 0 to 127 (n,).

        Returns:
            (channels, bands, frames).
        """
        ...


class Model(Protocol):
    """A `torch.nn.Module` from clips to embeddings or to class scores.

    It is built as `Model(channels=, bands=, frames=, **settings)`, and with `classes=` as well where it gives
    scores. Embeddings serve an objective that needs them as they are; under one that needs scores the model
    gets a linear head (`earmark.models.classifier.Classifier`).

    Attributes:
        gives: `embeddings` (batch, dimensions), or `scores` (batch, classes) before the softmax.
        clip_by_clip: Whether equal clips come out equal in training too, without batch normalisation and
            dropout: a clip that occurs twice in a batch is then encoded once.
    """

    gives: Literal["embeddings", "scores"]
    clip_by_clip: bool

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Encode clips.

        Args:
            clips: (batch, channels, bands, frames) of float32.

        Returns:
            (batch, dimensions) or (batch, classes), see `gives`.
        """
        ...


@runtime_checkable
class ClassicalModel(Protocol):
    """A model that is fitted at once, without gradients.

    It is a `torch.nn.Module` whose state_dict holds what it learned; or an `ArrayModel`, whose methods take
    and give NumPy arrays in place of tensors, and which then needs no torch to identify.

    Attributes:
        gives: See `Model.gives`.
    """

    gives: Literal["embeddings", "scores"]

    def summarise(self, clips: Any) -> Any:
        """Clips (batch, channels, bands, frames) to what `fit` takes: (batch, dimensions)."""
        ...

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Learn from clips. Equal arguments give equal results.

        Args:
            summaries: (clips, dimensions).
            classes: Class numbers (clips,).
            weights: How much each clip counts (clips,).
            seed: Of every random choice.
        """
        ...

    def scores(self, summaries: Any) -> Any:
        """Summaries (clips, dimensions) to scores (clips, classes) or embeddings (clips, dimensions)."""
        ...


@runtime_checkable
class ArrayModel(ClassicalModel, Protocol):
    """A classical model of NumPy arrays: `earmark.models.array_module` makes a module of it."""

    clip_by_clip: bool

    def forward(self, clips: np.ndarray) -> np.ndarray:
        """Encode clips (batch, channels, bands, frames), see `Model.forward`."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """What it learned, by name; shapes follow from the settings."""
        ...

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `arrays` gave."""
        ...


class Objective(Protocol):
    """What training minimises: a `torch.nn.Module`.

    Attributes:
        needs: What the model must give, see `Model.gives`.
        needs_batches: `classes`: any clips with their class numbers. `triplets`: anchors, positives and
            negatives, a third of the batch each.
    """

    needs: Literal["embeddings", "scores"]
    needs_batches: Literal["classes", "triplets"]

    def forward(self, outputs: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            outputs: What the model gives for the batch (n, dimensions or classes).
            classes: Class numbers (n,).

        Returns:
            The loss, a scalar.
        """
        ...

    def monitored(self, outputs: torch.Tensor, classes: torch.Tensor) -> dict[str, torch.Tensor]:
        """Scalars that people watch beside the loss, by name; logged as train/<name>.

        One whose name begins with `loss_` takes the place of the loss in the curves: that of an objective
        which leaves out what it has learned does not fall.
        """
        ...


class Sampler(Protocol):
    """Batches of piece indices; an index that occurs twice stands for two clips of the piece.

    It is built as `Sampler(labels=, groups=, seed=, **settings)` from the label and the work of every
    training piece. The order depends on seed and epoch alone.

    Attributes:
        gives: What its batches are, see `Objective.needs_batches`.
    """

    gives: Literal["classes", "triplets"]

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration gives; called before each."""
        ...

    def __len__(self) -> int:
        """Batches of an epoch."""
        ...

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of the epoch."""
        ...


@dataclass(frozen=True)
class LabelledClips:
    """What a model gives for the clips of pieces, with what each piece is called.

    Attributes:
        clips: For each piece (clips, dimensions) of embeddings or (clips, labels) of scores.
        labels: The label of each piece.
        works: The work that each piece belongs to; movements of one work stay together wherever pieces are
            held out.
        renderings: Whether each is a further rendering of a piece, which is among them as well; empty where
            none is.
    """

    clips: Sequence[np.ndarray]
    labels: Sequence[str]
    works: Sequence[str]
    renderings: Sequence[bool] = ()

    def __len__(self) -> int:
        """Pieces."""
        return len(self.clips)


@dataclass(frozen=True)
class Prediction:
    """What a decision makes of the clips of one piece.

    Attributes:
        label: The same as `nearest`, or `unknown` where that is rejected.
        nearest: The most likely known label.
        confidence: Probability of `nearest` among the known labels.
        share: Share of the clips (or of their votes) that speak for `nearest`.
        distance: How far from `nearest` the piece lies.
        distances: How far it lies from every label, in the order of the labels (labels,).
        probabilities: Of every label, if the piece has one of them, in the same order (labels,).
    """

    label: str
    nearest: str
    confidence: float
    share: float
    distance: float
    distances: np.ndarray
    probabilities: np.ndarray


class ReasonedRejection(Protocol):
    """The conditions of a label, as `decisions.rejection.Rejection` has them."""

    def reason(self, distance: float, confidence: float, share: float) -> str:
        """Why a piece with these values is unknown, in words; "" where it is given its nearest label."""
        ...


class FittedDial(Protocol):
    """What distances mean, as `decisions.dial.Dial` knows it."""

    def threshold(self, strictness: str) -> float:
        """The largest distance that is accepted at a position of the dial."""
        ...

    def percentile(self, distance: float) -> float:
        """Percent of known pieces that lie nearer to their label than this."""
        ...

    def p_known(self, distance: float) -> float:
        """Probability that a piece at this distance has one of the known labels."""
        ...

    def expectation(self, strictness: str) -> str:
        """What to expect at a position of the dial, in a line."""
        ...


class FittedDecision(Protocol):
    """A decision as a bundle keeps it: a frozen dataclass in a module of `decisions/`.

    Arrays and numbers are all that is saved.
    """

    @property
    def kind(self) -> str:
        """How bundle.yaml calls this class; no other decision has the same."""
        ...

    @property
    def labels(self) -> list[str]:
        """The known labels, in the order of scores and distances."""
        ...

    @property
    def threshold(self) -> float:
        """The largest distance that is accepted; infinite where none is refused for its distance."""
        ...

    @property
    def rejection(self) -> ReasonedRejection:
        """When a piece is unknown, and in which words."""
        ...

    @property
    def dial(self) -> FittedDial | None:
        """Thresholds from strict to eager and what to expect of them; None where none was fitted."""
        ...

    def at(self, strictness: str) -> Self:
        """The same decision at a position of its dial.

        Args:
            strictness: `strict`, `balanced` or `eager`.

        Raises:
            EarmarkError: There is no dial, or no such position.
        """
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
        """The answer for a piece, from its clips (clips, dimensions)."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that the decision consists of, by name."""
        ...

    def numbers(self) -> dict[str, float]:
        """The numbers that the decision consists of, by name."""
        ...

    @classmethod
    def restore(cls, labels: list[str], arrays: Mapping[str, np.ndarray], numbers: Mapping[str, Any]) -> Self:
        """Make the decision anew from what `arrays` and `numbers` gave.

        Raises:
            KeyError: One is missing.
            TypeError: One is not of its type.
            ValueError: They do not belong together.
        """
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
        """Fit the decision to what a trained model gives.

        Args:
            labels: The known labels, in the order of scores and distances.
            train: Pieces that the model was trained on.
            validation: Pieces that it was not trained on, of the known labels.
            calibration: Clips (clips, dimensions) of each piece of unknown labels that the threshold is
                fixed on.

        Returns:
            The fitted decision.
        """
        ...

    def held_out(self, labels: Sequence[str], train: LabelledClips, validation: LabelledClips) -> np.ndarray:
        """Distances of validation pieces by decisions that were fitted without the work of each.

        Args:
            labels: The known labels.
            train: Pieces that the model was trained on.
            validation: Pieces that it was not trained on, of the known labels.

        Returns:
            (pieces, labels), in the order of `validation` and `labels`.
        """
        ...


class Evaluation(Protocol):
    """The evaluated pieces, as a section is given them."""

    @property
    def labels(self) -> list[str]:
        """The known labels, in the order of distances."""
        ...

    @property
    def verdicts(self) -> pd.DataFrame:
        """The table data/verdicts.csv: a row for each piece."""
        ...

    @property
    def distances(self) -> Mapping[str, np.ndarray]:
        """By piece_id, distances to every label (labels,); those of validation pieces are held out."""
        ...

    @property
    def clips(self) -> Mapping[str, np.ndarray]:
        """By piece_id, the probabilities of its clips (clips, labels)."""
        ...

    @property
    def facts(self) -> Mapping[str, Mapping[str, Any]]:
        """By piece_id, what the stage `validate` measured."""
        ...

    def known(self, split: str) -> pd.DataFrame:
        """Verdicts on the pieces of known labels of a split, by piece_id."""
        ...

    def unknown(self, role: str) -> pd.DataFrame:
        """Verdicts on the pieces of unknown labels of a role, by piece_id."""
        ...

    def numbers(self, names: Iterable[str]) -> np.ndarray:
        """The places of these labels among `labels`."""
        ...

    def with_intervals(
        self, measure: Callable[[np.ndarray], Mapping[str, float]], rows: pd.DataFrame
    ) -> Metrics:
        """Compute metrics and their 95 % intervals by the bootstrap over works.

        Args:
            measure: From how often each row counts (rows,) to each metric's value.
            rows: Verdicts that the metrics are of.

        Returns:
            Each metric with its value and interval.
        """
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
