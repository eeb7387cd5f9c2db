"""The dense network is given means and deviations, and nothing of the order of frames."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.models.dense import Dense


def dense(hidden=(8,), embedding=5, channels=2):
    torch.manual_seed(0)
    network = Dense(channels, 6, 20, hidden=list(hidden), embedding=embedding, dropout=0.5)
    for _ in range(20):  # so that its norm has statistics of clips
        network(torch.randn(16, channels, 6, 20))
    return network.eval()


def test_the_embedding_has_the_dimensions_asked_for():
    assert dense(hidden=[8, 4], embedding=7)(torch.randn(3, 2, 6, 20)).shape == (3, 7)


def test_without_hidden_layers_it_is_linear_in_the_summary():
    network = dense(hidden=[])
    first, other = torch.randn(2, 1, 2, 6, 20)
    # The mean is linear in the clip where the deviations agree: adding constants moves it alone.
    step = network(first + 2.0) - network(first + 1.0)
    assert torch.allclose(network(other + 3.0) - network(other + 2.0), step, atol=1e-4)


@settings(deadline=None, max_examples=20)
@given(frames=st.integers(1, 300))
def test_clips_may_be_of_any_length_and_frames_in_any_order(frames):
    clips, network = torch.randn(3, 2, 6, frames), dense()
    embeddings = network(clips)
    assert embeddings.isfinite().all()
    assert torch.allclose(embeddings, network(clips[..., torch.randperm(frames)]), atol=1e-4)


@pytest.mark.parametrize("sizes", [{"hidden": [0]}, {"embedding": 0}])
def test_layers_without_units_are_refused(sizes):
    with pytest.raises(ValueError, match="must be 1 or more"):
        dense(**sizes)
