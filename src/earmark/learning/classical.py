"""Training without gradients: a classical model is fitted at once."""

from __future__ import annotations

import numpy as np
import torch

from earmark.foundation.contracts import ClassicalModel
from earmark.learning.dataset.pieces import TrainingData
from earmark.learning.embed import embed_pieces
from earmark.learning.learner import ACCURACY, RETRIEVAL, balanced_accuracy, retrieval
from earmark.learning.training import Fit


class _Summary(torch.nn.Module):
    """Gives what a model sees of each clip, so that `embed_pieces` collects it."""

    def __init__(self, model: ClassicalModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.model.summarise(clips)


def fit_classical(model: ClassicalModel, data: TrainingData, seed: int) -> Fit:
    """Fit a `ClassicalModel` on the evenly spaced clips of the training pieces.

    Every class has the same weight, within it every piece, within it every clip; the mean weight is 1.

    Args:
        model: A `torch.nn.Module`, fitted in place.
        data: Pieces to fit to and to validate by.
        seed: Of every random choice.

    Returns:
        The model's state, and its score on the validation pieces' clips as the only epoch: balanced accuracy
        of class scores, retrieval of embeddings.
    """
    assert isinstance(model, torch.nn.Module)
    summaries = embed_pieces(_Summary(model), data.train.arrays, data.clips).clips
    counts = np.array([len(clips) for clips in summaries])
    labels = np.array(data.numbers(data.train))
    pieces = np.bincount(labels, minlength=len(data.classes))
    model.fit(
        np.concatenate(summaries),
        np.repeat(labels, counts),
        np.repeat(1.0 / (counts * pieces[labels]), counts) * counts.sum() / (pieces > 0).sum(),
        seed,
    )
    outputs = embed_pieces(model, data.validation.arrays, data.clips).clips
    truth = torch.from_numpy(np.repeat(data.numbers(data.validation), [len(clips) for clips in outputs]))
    queries = torch.from_numpy(np.concatenate(outputs))
    if model.gives == "scores":
        name, score = ACCURACY, balanced_accuracy(queries, truth)
    else:
        references = model.scores(torch.from_numpy(np.concatenate(summaries)))
        name = RETRIEVAL
        score = retrieval(queries, truth, references, torch.from_numpy(np.repeat(labels, counts)))
    return Fit(dict(model.state_dict()), [{"epoch": 0, name: score}], 0, score, name)
