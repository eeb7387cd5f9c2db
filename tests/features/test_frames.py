"""One channel, cut into centred frames."""

import librosa
import numpy as np
import pytest
import torch

from earmark.features import frames as module
from earmark.features.frames import frame_blocks, mono, one_thread, padded
from earmark.foundation.errors import PieceError


def test_channels_are_averaged():
    np.testing.assert_allclose(mono(np.array([[1.0, 0.5], [0.0, -0.5]], np.float32)), [0.5, 0.0])


def test_what_has_no_samples_is_no_piece():
    with pytest.raises(PieceError, match="no samples"):
        mono(np.zeros((1, 0), np.float32))


@pytest.mark.parametrize("samples", [1, 99, 100, 101, 1000])
@pytest.mark.parametrize(("size", "hop"), [(64, 10), (64, 64), (8, 33)])
@pytest.mark.parametrize("block", [1, 7, 2048])
def test_blocks_together_are_librosa_s_frames(monkeypatch, samples, size, hop, block):
    monkeypatch.setattr(module, "BLOCK", block)
    sound = torch.arange(1.0, samples + 1)
    found = torch.cat(list(frame_blocks(sound, size, hop)))
    expected = librosa.util.frame(np.pad(sound.numpy(), size // 2), frame_length=size, hop_length=hop).T
    np.testing.assert_array_equal(found, expected)
    assert len(found) == 1 + samples // hop


def test_edges_go_on_where_asked():
    np.testing.assert_array_equal(padded(torch.tensor([1.0, 2.0]), 4, "replicate"), [1, 1, 1, 2, 2, 2])


def test_frames_that_are_not_centred_lie_within_the_samples():
    found = torch.cat(list(frame_blocks(torch.arange(11.0), 4, 3, centred=False)))
    np.testing.assert_array_equal(found, [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]])


def test_one_thread_and_as_many_as_before_afterwards():
    def fail():
        with one_thread():
            assert torch.get_num_threads() == 1
            raise ZeroDivisionError

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(ZeroDivisionError):
            fail()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
