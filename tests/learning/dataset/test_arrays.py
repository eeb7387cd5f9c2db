"""Features on disk as clips: nothing is lost, what is missing is quiet."""

import numpy as np
import pytest

from earmark.foundation.errors import EarmarkError
from earmark.learning.dataset.arrays import FeatureArrays
from earmark.music.clips import clip_starts


@pytest.fixture
def arrays(tmp_path):
    """Arrays (channels, bands, frames) of these lengths; the value of a frame is its number."""

    def make(*lengths, channels=2, bands=3):
        for index, frames in enumerate(lengths):
            values = np.broadcast_to(np.arange(frames, dtype=np.float16), (channels, bands, frames))
            np.save(tmp_path / f"p{index}.npy", values)
        return FeatureArrays(tmp_path, [f"p{index}" for index in range(len(lengths))])

    return make


def test_sizes(arrays):
    found = arrays(7, 4)
    assert (len(found), found.shape, found.frames(0), found.frames(1)) == (2, (2, 3), 7, 4)


def test_a_clip_is_the_frames_asked_for(arrays):
    clip = arrays(9).clip(0, start=2, frames=4)
    assert (clip.dtype, clip.shape) == (np.float32, (2, 3, 4))
    assert (clip == [2, 3, 4, 5]).all()


def test_past_the_end_a_clip_has_the_pieces_quietest_value(tmp_path):
    values = np.array([[[-10, -60, -20], [-30, -40, -50]]], dtype=np.float16)
    np.save(tmp_path / "a.npy", values)
    clip = FeatureArrays(tmp_path, ["a"]).clip(0, start=1, frames=5)
    assert clip.shape == (1, 2, 5)
    assert clip[0].tolist() == [[-60, -20, -60, -60, -60], [-40, -50, -60, -60, -60]]


def test_a_clip_may_be_changed_and_the_piece_stays(arrays):
    found = arrays(5)
    found.clip(0, 0, 5)[:] = 99
    assert (found.clip(0, 0, 5) == np.arange(5)).all()


def test_pieces_are_mapped_not_loaded(arrays):
    piece = arrays(5).piece(0)
    assert isinstance(piece, np.memmap)
    assert not piece.flags.writeable


@pytest.mark.parametrize("content", [None, b"", b"not an array", b"\x93NUMPY\x01\x00"])
def test_a_file_that_cannot_be_read_says_what_to_type(tmp_path, content):
    if content is not None:
        (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(EarmarkError, match=r"a\.npy cannot be read: run dvc repro features"):
        FeatureArrays(tmp_path, ["a"]).piece(0)


def test_pickled_objects_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(EarmarkError, match="cannot be read"):
        FeatureArrays(tmp_path, ["a"]).piece(0)


@pytest.mark.parametrize("most", [0, 1000])
@pytest.mark.parametrize("hop", [1, 7, 10])
@pytest.mark.parametrize("clip", [10, 16])
@pytest.mark.parametrize("frames", [16, 17, 40, 41, 99])
def test_clips_cover_the_piece_from_its_beginning_to_its_end(frames, clip, hop, most):
    starts = clip_starts(frames, clip, hop, most)
    heard = {frame for start in starts for frame in range(start, start + clip)}
    assert heard == set(range(frames)) or frames < clip
    assert starts == sorted(set(starts))
    assert max(np.diff(starts), default=0) <= hop + 1  # evenly spaced, hence rounded


def test_clips_without_overlap_where_the_length_allows_it():
    assert clip_starts(40, clip=10, hop=10, most=0) == [0, 10, 20, 30]


@pytest.mark.parametrize("most", [1, 2, 5])
def test_there_are_at_most_so_many_clips_evenly_spaced(most):
    starts = clip_starts(1000, clip=10, hop=10, most=most)
    assert len(starts) == most
    assert len(set(np.diff(starts))) <= 1 or max(np.diff(starts)) - min(np.diff(starts)) <= 1
    if most > 1:
        assert (starts[0], starts[-1]) == (0, 990)


def test_a_single_clip_comes_from_the_middle():
    assert clip_starts(110, clip=10, hop=10, most=1) == [50]


@pytest.mark.parametrize("frames", [1, 9, 10])
def test_a_piece_no_longer_than_a_clip_has_one(frames):
    assert clip_starts(frames, clip=10, hop=3, most=18) == [0]
