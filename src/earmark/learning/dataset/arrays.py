"""The features of a set of pieces, memory-mapped: a clip is read from disk when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from earmark.foundation.errors import EarmarkError
from earmark.music.clips import clip_of

MOST_MAPS = 4096  # files mapped at a time; Linux allows a process about 65,000


class FeatureArrays:
    """Float16 arrays (channels, bands, frames) of pieces, each in its own .npy file."""

    def __init__(self, folder: Path, piece_ids: Sequence[str]) -> None:
        self.folder = folder
        self.piece_ids = list(piece_ids)
        self._maps: dict[int, np.ndarray] = {}
        self._frames: dict[int, int] = {}

    def __getstate__(self) -> dict[str, Any]:
        # A process that is handed these arrays opens the files itself: a pickled map is a copy.
        return {**self.__dict__, "_maps": {}}

    def __len__(self) -> int:
        return len(self.piece_ids)

    def piece(self, index: int) -> np.ndarray:
        """The whole piece, (channels, bands, frames), read lazily."""
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
        if index not in self._frames:
            self._frames[index] = self.piece(index).shape[-1]
        return self._frames[index]

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Channels and bands, which all pieces share."""
        return self.piece(0).shape[:2]

    def clip(self, index: int, start: int, frames: int) -> np.ndarray:
        """Frames `start` to `start + frames` as float32; past the end, the piece's quietest value."""
        return clip_of(self.piece(index), start, frames)

    def clips(
        self, indices: Sequence[int] | np.ndarray, starts: Sequence[int] | np.ndarray, frames: int
    ) -> np.ndarray:
        """`clip` for many at once: (clips, channels, bands, frames), as float16 as they lie on disk."""
        found = np.empty((len(indices), *self.shape, frames), dtype=self.piece(indices[0]).dtype)
        for row, (index, start) in enumerate(zip(indices, starts, strict=True)):
            piece = self.piece(index)
            heard = piece[..., start : start + frames]
            found[row, ..., : heard.shape[-1]] = heard
            if heard.shape[-1] < frames:
                found[row, ..., heard.shape[-1] :] = piece.min()
        return found
