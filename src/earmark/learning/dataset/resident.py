"""The features of a set of pieces in the memory of a device, as one tensor: no clip is read twice."""

from __future__ import annotations

import numpy as np
import torch

from earmark.foundation.errors import EarmarkError
from earmark.learning.dataset.arrays import FeatureArrays

CHOICES = ("auto", True, False)


class ResidentArrays:
    """What FeatureArrays has on disk, on `device`: float16 of shape (channels × bands, frames of all pieces).

    frames: of a clip; a shorter piece is filled up to them with its quietest value.
    """

    def __init__(self, arrays: FeatureArrays, frames: int, device: torch.device) -> None:
        self._clip, self._shape = frames, arrays.shape
        self._lengths = [arrays.frames(index) for index in range(len(arrays))]
        held = np.maximum(self._lengths, frames)
        offsets = np.concatenate([[0], np.cumsum(held)])
        self._flat = torch.empty(
            (int(np.prod(arrays.shape)), offsets[-1]), dtype=torch.float16, device=device
        )
        for index, (offset, length) in enumerate(zip(offsets[:-1], held, strict=True)):
            (piece,) = arrays.clips([index], [0], int(length))
            self._flat[:, offset : offset + length] = torch.from_numpy(piece).flatten(0, 1).to(device)
        self._offsets = torch.from_numpy(offsets[:-1]).to(device)
        self._steps = torch.arange(frames, device=device)

    def __len__(self) -> int:
        return len(self._lengths)

    def frames(self, index: int) -> int:
        """Of the piece itself, without what it was filled up with."""
        return self._lengths[index]

    def clips(self, indices: np.ndarray, starts: np.ndarray, frames: int) -> torch.Tensor:
        """As FeatureArrays.clips: (clips, channels, bands, frames) in float16, gathered on the device."""
        if frames != self._clip:
            raise ValueError(f"these arrays were laid out for clips of {self._clip} frames, not {frames}")
        begins = self._offsets[_on(indices, self._flat)] + _on(starts, self._flat)
        found = self._flat[:, begins[:, None] + self._steps]
        return found.unflatten(0, self._shape).movedim(2, 0)


def fits(arrays: FeatureArrays, frames: int, device: torch.device, choice: bool | str, share: float) -> bool:
    """Whether to hold `arrays` on `device`, as trainer.features_on_device says.

    auto: on a GPU, where they take no more than `share` of its free memory. For a CPU the system keeps
    files that were read in memory anyway. Raises EarmarkError where `true` asks for more than is free.
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
    return torch.as_tensor(np.asarray(numbers, dtype=np.int64)).to(like.device, non_blocking=True)
