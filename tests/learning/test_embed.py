"""Clips through an encoder and back to the pieces they belong to."""

import numpy as np
import pytest
import torch

from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.embed import BATCH, embed_pieces
from earmark.music.clip_geometry import ClipGeometry


class FirstAndLast(torch.nn.Module):
    """Embeds a clip as its first and its last frame; notes in which mode it ran."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.dropout = torch.nn.Dropout(0.9)

    def forward(self, clips):
        assert not torch.is_grad_enabled()
        return self.dropout(self.weight * clips[:, 0, 0, [0, -1]])


@pytest.fixture
def arrays(tmp_path):
    def make(*lengths):
        for index, frames in enumerate(lengths):
            values = 1000 * index + np.arange(frames, dtype=np.float16)
            np.save(tmp_path / f"p{index}.npy", values[None, None])
        return FeatureArrays(tmp_path, [f"p{index}" for index in range(len(lengths))])

    return make


def test_every_clip_comes_back_to_its_piece_with_its_start(arrays):
    geometry = ClipGeometry(frames=10, hop=5, most_clips=0, frame_rate_hz=2.0)
    embedded = embed_pieces(FirstAndLast().train(), arrays(20, 10, 12), geometry)
    assert [clips.tolist() for clips in embedded.clips] == [
        [[0, 9], [5, 14], [10, 19]],
        [[1000, 1009]],
        [[2000, 2009], [2002, 2011]],
    ]
    assert [starts.tolist() for starts in embedded.starts_s] == [[0, 2.5, 5], [0], [0, 1]]
    assert all(clips.dtype == np.float32 for clips in embedded.clips)


def test_more_clips_than_a_batch_holds(arrays):
    geometry = ClipGeometry(frames=1, hop=1, most_clips=0, frame_rate_hz=1.0)
    (clips,) = embed_pieces(FirstAndLast(), arrays(2 * BATCH + 3), geometry).clips
    assert (clips[:, 0] == np.arange(2 * BATCH + 3)).all()


def test_no_pieces_no_clips(arrays):
    geometry = ClipGeometry(frames=10, hop=5, most_clips=0, frame_rate_hz=2.0)
    embedded = embed_pieces(FirstAndLast(), arrays(), geometry)
    assert (embedded.clips, embedded.starts_s) == ([], [])
