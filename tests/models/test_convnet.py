"""What ConvNet adds to the promises of every model."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.models.convnet import ConvNet


def convnet(statistics=True, unit=False):
    torch.manual_seed(0)
    sizes = {"channels": 1, "bands": 24, "frames": 32, "widths": [4, 8], "embedding": 5, "dropout": 0.5}
    network = ConvNet(**sizes, statistics=statistics, unit=unit)
    for _ in range(4):  # so that its norms have statistics of clips
        network(-80 * torch.rand(8, 1, 24, 32))
    return network.eval()


@pytest.fixture
def clips():
    return -80 * torch.rand(3, 1, 24, 32, generator=torch.Generator().manual_seed(1))


EACH = pytest.mark.parametrize(
    ("statistics", "unit"), [(False, False), (False, True), (True, False), (True, True)]
)


@EACH
def test_the_embedding_has_the_dimensions_asked_for(clips, statistics, unit):
    assert convnet(statistics, unit)(clips).shape == (3, 5)


def test_unit_scales_embeddings_to_length_1_and_changes_no_direction(clips):
    free, unit = convnet(unit=False)(clips), convnet(unit=True)(clips)
    assert unit.norm(dim=1).tolist() == pytest.approx([1] * 3, abs=1e-5)
    assert torch.allclose(unit, free / free.norm(dim=1, keepdim=True), atol=1e-5)
    assert (free.norm(dim=1) - 1).abs().max() > 0.01


@settings(deadline=None, max_examples=20)
@given(frames=st.integers(3, 200), statistics=st.booleans(), unit=st.booleans())
def test_clips_may_be_of_any_length(frames, statistics, unit):
    embeddings = convnet(statistics, unit)(-80 * torch.rand(2, 1, 24, frames))
    assert embeddings.shape == (2, 5)
    assert embeddings.isfinite().all()


@EACH
def test_loudness_does_not_matter(clips, statistics, unit):
    network = convnet(statistics, unit)
    assert torch.allclose(network(clips), network(clips + 6.0), atol=1e-3)


def test_the_colour_of_a_room_matters_to_the_statistics_alone(clips):
    colour = torch.linspace(-10, 10, 24)[:, None]  # dB a band
    blocks, both = convnet(statistics=False), convnet(statistics=True)
    assert torch.allclose(blocks(clips), blocks(clips + colour), atol=1e-3)
    assert not torch.allclose(both(clips), both(clips + colour), atol=1e-2)


@EACH
def test_what_is_played_does_matter(clips, statistics, unit):
    network = convnet(statistics, unit)
    assert not torch.allclose(network(clips), network(clips.flip(2)), atol=1e-2)


def test_dropout_acts_in_training_alone(clips):
    network = convnet()
    assert torch.equal(network(clips), network(clips))
    network.train()
    assert not torch.equal(network(clips), network(clips))
