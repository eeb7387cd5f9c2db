"""The features of a set of pieces, memory-mapped: a clip is read from disk when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from earmark.foundation.errors import EarmarkError
from earmark.music.clip_geometry import clip_of

MOST_MAPS = 4096  # files mapped at a time; Linux allows a process about 65,000


class FeatureArrays:
    """Float16 arrays (channels, bands, frames) of pieces, each in its own .npy file.

    Attributes:
        folder: Where the files are.
        piece_ids: Their names without the suffix, in the order of indices.
    """

    def __init__(self, folder: Path, piece_ids: Sequence[str]) -> None:
        """Choose the pieces; nothing is read yet."""
        self.folder = folder
        self.piece_ids = list(piece_ids)
        self._maps: dict[int, np.ndarray] = {}
        self._frames: dict[int, int] = {}

    def __getstate__(self) -> dict[str, Any]:
        """All but the open files: a process that is handed these arrays opens them itself."""
        return {**self.__dict__, "_maps": {}}

    def __len__(self) -> int:
        """Pieces."""
        return len(self.piece_ids)

    def piece(self, index: int) -> np.ndarray:
        """The whole piece (channels, bands, frames), mapped and read lazily.

        Raises:
            EarmarkError: The file is missing or cannot be read.
        """
        if index not in self._maps:
            if len(self._maps) >= MOST_MAPS:
                del self._maps[next(iter(self._maps))]
            path = self.folder / f"{self.piece_ids[index]}.npy"
            try:
                self._maps[index] = np.load(path, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError) as error:
                raise EarmarkError(f"{path} cannot be read: run dvc repro features ({error})") from error
        return self._maps[index]

    def frames(self, index: int) -> int:
        """Frames of a piece.

        Raises:
            EarmarkError: As `piece`.
        """
        if index not in self._frames:
            self._frames[index] = self.piece(index).shape[-1]
        return self._frames[index]

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Channels and bands, which all pieces share."""
        channels, bands, _ = self.piece(0).shape
        return channels, bands

    def clip(self, index: int, start: int, frames: int) -> np.ndarray:
        """One clip of a piece.

        Args:
            index: Of the piece.
            start: Its first frame.
            frames: Its length; past the end of the piece it has the piece's quietest value.

        Returns:
            (channels, bands, frames) of float32.
        """
        return clip_of(self.piece(index), start, frames)

    def clips(self, indices: np.ndarray, starts: np.ndarray, frames: int) -> np.ndarray:
        """Many clips at once.

        Args:
            indices: Of the piece of each (n,); at least one.
            starts: First frame of each (n,).
            frames: Their length, see `clip`.

        Returns:
            (n, channels, bands, frames) of float16, as they lie on disk.
        """
        clips = np.empty((len(indices), *self.shape, frames), dtype=self.piece(indices[0]).dtype)
        for row, (index, start) in enumerate(zip(indices, starts, strict=True)):
            piece = self.piece(index)
            part = piece[..., start : start + frames]
            clips[row, ..., : part.shape[-1]] = part
            if part.shape[-1] < frames:
                clips[row, ..., part.shape[-1] :] = piece.min()
        return clips


class Beginnings(FeatureArrays):
    """The first frames of pieces."""

    def __init__(self, folder: Path, piece_ids: Sequence[str], lengths: Sequence[int]) -> None:
        """Choose the pieces, and how many frames of each; nothing is read yet."""
        super().__init__(folder, piece_ids)
        self._lengths = list(lengths)

    def piece(self, index: int) -> np.ndarray:
        """The beginning of a piece, see `FeatureArrays.piece`."""
        return super().piece(index)[..., : self._lengths[index]]
