"""What an objective and a sampler must have: what training minimises, and in which batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import torch


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
