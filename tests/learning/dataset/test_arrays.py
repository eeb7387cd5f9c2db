"""Features on disk as clips: nothing is lost, what is missing is quiet."""

import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earmark.foundation.errors import EarmarkError
from earmark.learning.dataset.arrays import Beginnings, FeatureArrays


@pytest.fixture
def arrays(tmp_path):
    """Arrays (channels, bands, frames) of these lengths; the value of a frame is its number."""

    def make(*lengths, channels=2, bands=3):
        for index, frames in enumerate(lengths):
            values = np.broadcast_to(np.arange(frames, dtype=np.float16), (channels, bands, frames))
            np.save(tmp_path / f"p{index}.npy", values)
        return FeatureArrays(tmp_path, [f"p{index}" for index in range(len(lengths))])

    return make


@pytest.fixture
def pieces(arrays):
    """Three pieces of 13, 5 and 9 frames."""
    return arrays(13, 5, 9)


def test_sizes(arrays):
    held = arrays(7, 4)
    assert (len(held), held.shape, held.frames(0), held.frames(1)) == (2, (2, 3), 7, 4)


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
    held = arrays(5)
    held.clip(0, 0, 5)[:] = 99
    assert (held.clip(0, 0, 5) == np.arange(5)).all()


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


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12)), min_size=1, max_size=6), st.integers(1, 15))
def test_many_clips_are_those_that_one_would_get_one_by_one(pieces, places, frames):
    indices, starts = map(np.array, zip(*places, strict=True))
    clips = pieces.clips(indices, starts, frames)
    assert (clips.dtype, clips.shape) == (np.float16, (len(places), 2, 3, frames))
    for clip, index, start in zip(clips, indices, starts, strict=True):
        assert (clip == pieces.clip(index, start, frames)).all()


def test_no_more_files_are_mapped_than_the_system_allows(arrays, monkeypatch):
    monkeypatch.setattr("earmark.learning.dataset.arrays.MOST_MAPS", 2)
    held = arrays(5, 6, 7)
    values = [held.piece(index) for index in (0, 1, 2, 0)]
    assert [value.shape[-1] for value in values] == [5, 6, 7, 5]
    assert values[3] is not values[0]  # opened anew, the first having been let go
    assert held.piece(2) is values[2]


def test_a_process_that_gets_them_opens_the_files_itself(arrays):
    held = arrays(4)
    held.piece(0)
    assert len(pickle.dumps(held)) < 1000 + len(str(held.folder))
    assert (pickle.loads(pickle.dumps(held)).piece(0) == held.piece(0)).all()


def test_beginnings_have_so_many_frames_of_each_piece(tmp_path):
    pieces = {name: np.random.default_rng(row).random((2, 3, 10 + row)) for row, name in enumerate("ab")}
    for name, piece in pieces.items():
        np.save(tmp_path / f"{name}.npy", piece)
    begun = Beginnings(tmp_path, ["a", "b"], [4, 100])
    assert [begun.frames(0), begun.frames(1)] == [4, 11]
    np.testing.assert_array_equal(begun.piece(0), pieces["a"][..., :4])
    assert begun.clip(0, 2, 5)[..., 2:].max() == pytest.approx(pieces["a"][..., :4].min())  # as after an end
