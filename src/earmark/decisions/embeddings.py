"""Embeddings or scores of the clips of pieces, and the file that keeps them between train and evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark.foundation.atomic import replacing
from earmark.foundation.errors import EarmarkError


@dataclass(frozen=True)
class PieceEmbeddings:
    """Embeddings, or class scores, of the clips of pieces.

    Attributes:
        clips: Of each piece (clips, dimensions) of float32.
        starts_s: Of each piece the times where its clips begin (clips,), seconds.
    """

    clips: list[np.ndarray]
    starts_s: list[np.ndarray]

    def rows(self, indices: Sequence[int] | np.ndarray) -> PieceEmbeddings:
        """Those of the pieces of these indices, in their order."""
        return PieceEmbeddings([self.clips[row] for row in indices], [self.starts_s[row] for row in indices])

    def followed_by(self, others: PieceEmbeddings) -> PieceEmbeddings:
        """These, and after them those of other pieces."""
        return PieceEmbeddings([*self.clips, *others.clips], [*self.starts_s, *others.starts_s])

    def save(self, file: Path) -> None:
        """Write a safetensors file; equal embeddings give equal bytes."""
        from safetensors.numpy import save_file

        arrays = {
            "clips": np.concatenate(self.clips).astype(np.float32),
            "starts_s": np.concatenate(self.starts_s).astype(np.float64),
            "counts": np.array([len(clips) for clips in self.clips], dtype=np.int64),
        }
        with replacing(file) as temporary:
            save_file(arrays, temporary)

    @classmethod
    def load(cls, file: Path, pieces: int) -> PieceEmbeddings:
        """Read what `save` wrote.

        Args:
            file: The safetensors file.
            pieces: Pieces that it must have.

        Raises:
            EarmarkError: Where the file is missing or damaged, or has another number of pieces.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            arrays = load_file(file)
            ends = np.cumsum(arrays["counts"])
            if len(ends) != pieces:
                raise EarmarkError(f"{file} is of {len(ends)} pieces, not of {pieces}: run dvc repro train")
            clips = np.split(arrays["clips"], ends[:-1])
            return cls(clips, np.split(arrays["starts_s"], ends[:-1]))
        except (OSError, SafetensorError, KeyError) as error:
            raise EarmarkError(f"{file} cannot be read: run dvc repro train ({error})") from error
