"""The features of a set of pieces in the memory of a device, as one tensor: no clip is read twice."""

from __future__ import annotations

import numpy as np
import torch

from earmark.foundation.errors import EarmarkError
from earmark.learning.dataset.arrays import FeatureArrays

CHOICES = ("auto", True, False)  # of the setting trainer.features_on_device


class ResidentArrays:
    """What FeatureArrays has on disk, in the memory of a device.

    One float16 tensor of shape (channels × bands, frames of all pieces).
    """

    def __init__(self, arrays: FeatureArrays, frames: int, device: torch.device) -> None:
        """Read all pieces.

        Args:
            arrays: The pieces.
            frames: Length of clips; a shorter piece is filled up to it with its quietest value.
            device: Where the tensor is put.
        """
        self._clip, self._shape = frames, arrays.shape
        self._lengths = [arrays.frames(index) for index in range(len(arrays))]
        filled = np.maximum(self._lengths, frames)
        offsets = np.concatenate([[0], np.cumsum(filled)])
        self._flat = torch.empty(
            (int(np.prod(arrays.shape)), offsets[-1]), dtype=torch.float16, device=device
        )
        for index, (offset, length) in enumerate(zip(offsets[:-1], filled, strict=True)):
            (piece,) = arrays.clips(np.array([index]), np.array([0]), int(length))
            self._flat[:, offset : offset + length] = torch.from_numpy(piece).flatten(0, 1).to(device)
        self._offsets = torch.from_numpy(offsets[:-1]).to(device)
        self._steps = torch.arange(frames, device=device)

    def __len__(self) -> int:
        """Pieces."""
        return len(self._lengths)

    def frames(self, index: int) -> int:
        """Frames of the piece itself, without what it was filled up with."""
        return self._lengths[index]

    def clips(self, indices: np.ndarray, starts: np.ndarray, frames: int) -> torch.Tensor:
        """Many clips at once, gathered on the device.

        Args:
            indices: Of the piece of each (n,).
            starts: First frame of each (n,).
            frames: Their length, that which the tensor was laid out for.

        Returns:
            (n, channels, bands, frames) of float16, as `FeatureArrays.clips` gives them.

        Raises:
            ValueError: Another length.
        """
        if frames != self._clip:
            raise ValueError(f"these arrays were laid out for clips of {self._clip} frames, not {frames}")
        begins = self._offsets[_on(indices, self._flat)] + _on(starts, self._flat)
        clips = self._flat[:, begins[:, None] + self._steps]
        return clips.unflatten(0, self._shape).movedim(2, 0)


def fits(arrays: FeatureArrays, frames: int, device: torch.device, choice: bool | str, share: float) -> bool:
    """Whether to hold features on a device.

    For a CPU the system keeps files that were read in memory anyway.

    Args:
        arrays: The pieces.
        frames: Length of clips.
        device: Where they would be held.
        choice: Setting trainer.features_on_device; `auto`: on a GPU, where they take no more than `share` of
            its free memory.
        share: Setting trainer.features_memory_share, within 0 and 1.

    Raises:
        EarmarkError: `choice` is true and they take more than is free.
    """
    if choice is False or not len(arrays):
        return False
    free = _free_bytes(device)
    if free is None:
        return choice is True
    needed = 2 * int(np.prod(arrays.shape)) * sum(max(arrays.frames(i), frames) for i in range(len(arrays)))
    if choice is True and needed > free:
        raise EarmarkError(
            f"trainer.features_on_device=true: the features take {needed / 1e9:.1f} GB and {device} has "
            f"{free / 1e9:.1f} GB free; auto leaves them on disk then"
        )
    return choice is True or needed <= share * free


def _free_bytes(device: torch.device) -> int | None:
    """Memory that a GPU has left; None for a device that has none of its own."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return None


def _on(numbers: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    """Whole numbers as a tensor on the device of another."""
    return torch.as_tensor(np.asarray(numbers, dtype=np.int64)).to(like.device, non_blocking=True)
