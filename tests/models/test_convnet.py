"""What ConvNet adds to the promises of every encoder."""

import pytest
import torch

from earmark.models.convnet import ConvNet


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ConvNet(channels=1, bands=24, frames=32, widths=[4, 8], embedding=5, dropout=0.5).eval()


@pytest.fixture
def clips():
    return -80 * torch.rand(3, 1, 24, 32, generator=torch.Generator().manual_seed(1))


def test_the_embedding_has_the_dimensions_asked_for(network, clips):
    assert network(clips).shape == (3, 5)


@pytest.mark.parametrize("frames", [4, 31, 33, 200])
def test_clips_may_be_of_any_length(network, frames):
    assert network(torch.rand(2, 1, 24, frames)).shape == (2, 5)


def test_loudness_does_not_matter(network, clips):
    assert torch.allclose(network(clips), network(clips + 6.0), atol=1e-4)


def test_the_colour_of_a_room_does_not_matter(network, clips):
    colour = torch.linspace(-10, 10, 24)[:, None]  # dB a band
    assert torch.allclose(network(clips), network(clips + colour), atol=1e-4)


def test_what_is_played_does_matter(network, clips):
    assert not torch.allclose(network(clips), network(clips.flip(2)), atol=1e-2)


def test_dropout_acts_in_training_alone(network, clips):
    assert torch.equal(network(clips), network(clips))
    network.train()
    assert not torch.equal(network(clips), network(clips))
