"""Features in a device's memory: the same clips, where they fit."""

import numpy as np
import pytest
import torch

from earmark.foundation.errors import EarmarkError
from earmark.learning.dataset import resident
from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.resident import ResidentArrays, fits

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)
FRAMES = 10


@pytest.fixture
def arrays(tmp_path):
    """Pieces of 30, 8 and 12 frames, of 2 channels and 3 bands."""
    random = np.random.default_rng(0)
    for piece, frames in enumerate((30, 8, 12)):
        np.save(tmp_path / f"p{piece}.npy", random.uniform(-80, 0, (2, 3, frames)).astype(np.float16))
    return FeatureArrays(tmp_path, ["p0", "p1", "p2"])


def test_clips_are_those_of_the_files(arrays):
    held = ResidentArrays(arrays, FRAMES, CPU)
    assert len(held) == 3
    assert [held.frames(index) for index in range(3)] == [30, 8, 12]
    indices, starts = np.array([0, 0, 2, 1, 2]), np.array([0, 20, 2, 0, 0])
    clips = held.clips(indices, starts, FRAMES)
    assert (clips.dtype, clips.shape) == (torch.float16, (5, 2, 3, FRAMES))
    for clip, index, start in zip(clips, indices, starts, strict=True):
        assert (clip.float().numpy() == arrays.clip(index, start, FRAMES)).all()


def test_clips_of_another_length_are_refused(arrays):
    with pytest.raises(ValueError, match="clips of 10 frames, not 11"):
        ResidentArrays(arrays, FRAMES, CPU).clips(np.array([0]), np.array([0]), 11)


# 2 channels × 3 bands × (30 + 10 + 12) frames of 2 bytes: 624 bytes.
@pytest.mark.parametrize(
    ("choice", "free", "share", "expected"),
    [
        ("auto", 1248, 0.5, True),
        ("auto", 1247, 0.5, False),
        ("auto", 10**9, 0.0, False),
        (True, 624, 0.5, True),
        (False, 10**9, 1.0, False),
        ("auto", None, 1.0, False),
        (True, None, 0.5, True),
    ],
)
def test_where_they_fit(arrays, monkeypatch, choice, free, share, expected):
    monkeypatch.setattr(resident, "_free_bytes", lambda device: free)
    assert fits(arrays, FRAMES, GPU, choice, share) is expected


def test_more_than_there_is_is_refused_in_one_line(arrays, monkeypatch):
    monkeypatch.setattr(resident, "_free_bytes", lambda device: 623)
    with pytest.raises(EarmarkError, match="features_on_device=true: the features take") as caught:
        fits(arrays, FRAMES, GPU, True, 0.5)
    assert "\n" not in str(caught.value)


def test_a_cpu_reads_from_disk_unless_told_otherwise(arrays):
    assert [fits(arrays, FRAMES, CPU, choice, 1.0) for choice in ("auto", True, False)] == [
        False,
        True,
        False,
    ]
