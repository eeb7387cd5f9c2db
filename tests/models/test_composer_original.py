"""The published numbers: parameters of each layer, and the loss of its smoke test."""

import pytest
import torch

from earmark.models.composer_original import ComposerOriginal


def parameters(layer):
    return sum(weight.numel() for weight in layer.parameters())


def test_layer_by_layer_it_has_the_published_parameters():
    with torch.device("meta"):
        network = ComposerOriginal(2, 64, 2584)
    assert [parameters(layer) for layer in network.layers if parameters(layer)] == [
        816,
        12_832,
        13_374_450,
        1_275,
    ]
    assert parameters(network) == 13_389_373
    assert network(torch.empty(3, 2, 64, 2584, device="meta")).shape == (3, 25)


def test_a_clip_comes_out_the_same_in_any_batch():
    torch.manual_seed(0)
    network = ComposerOriginal(2, 64, 2584)
    clips = torch.randn(9, 2, 64, 2584)  # more than are convolved at a time
    with torch.inference_mode():
        torch.testing.assert_close(network(clips), torch.cat([network(clip[None]) for clip in clips]))


@pytest.mark.parametrize("shape", [(1, 64, 2584), (2, 128, 2584), (2, 64, 2583)])
def test_any_other_shape_is_refused_in_one_line(shape):
    with pytest.raises(ValueError, match=r"features=mel_original audio=stereo44k .*30 s") as error:
        ComposerOriginal(*shape)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_triplets_of_ones_zeros_and_noise_are_learned_within_a_few_steps():
    torch.manual_seed(0)
    network = ComposerOriginal(2, 64, 2584)
    shape = (4, 2, 64, 2584)
    anchor, positive, negative = torch.ones(shape), torch.zeros(shape), torch.randn(shape)
    objective = torch.nn.TripletMarginLoss(margin=1.0)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4)
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        loss = objective(network(anchor), network(positive), network(negative))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # Published: 0.848, 0.294, 0, 0. The first number comes from the initial weights alone.
    assert losses[0] == pytest.approx(0.848, abs=0.1)
    assert losses[1] < losses[0] / 2
    assert losses[-3:] == [0, 0, 0]
