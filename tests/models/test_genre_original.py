"""The published sizes and initial weights of the genre network."""

import pytest
import torch

from earmark.models.genre_original import GenreOriginal


def parameters(layer):
    return sum(weight.numel() for weight in layer.parameters())


def test_layer_by_layer_it_has_the_published_size_for_6_genres():
    with torch.device("meta"):
        network = GenreOriginal(1, 128, 128, classes=6, dropout=0.5)
    layers = [parameters(layer) for layer in network.layers if parameters(layer)]
    assert layers == [320, 32_896, 131_328, 524_800, 33_555_456, 6_150]
    assert parameters(network) == 34_250_950
    assert round(parameters(network) / 1e6, 1) == 34.3  # as published
    assert network(torch.empty(2, 1, 128, 128, device="meta")).shape == (2, 6)


def test_the_same_padding_keeps_a_pixel_in_its_place():
    """An even kernel at (row, column) sees it and the next ones, beyond the end zeros."""
    network = GenreOriginal(1, 128, 128, classes=2, dropout=0.5)
    pad, convolution = network.layers[:2]
    with torch.no_grad():
        convolution.weight.fill_(1.0)
        counted = convolution(pad(torch.ones(1, 1, 128, 128)))[0, 0]
    assert counted.shape == (128, 128)
    assert [float(counted[place]) for place in ((0, 0), (127, 0), (0, 127), (127, 127))] == [4, 2, 2, 1]


def test_the_first_weights_are_uniform_within_the_bound_of_glorot_and_bengio():
    torch.manual_seed(0)
    network = GenreOriginal(1, 128, 128, classes=6, dropout=0.5)
    convolution = network.layers[13]  # 256 to 512
    bound = (6 / ((256 + 512) * 4)) ** 0.5
    assert convolution.weight.abs().max().item() == pytest.approx(bound, rel=1e-3)
    assert convolution.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
    assert not convolution.bias.any()


@pytest.mark.parametrize("shape", [(2, 128, 128), (1, 96, 128), (1, 128, 129)])
def test_any_other_shape_is_refused_in_one_line(shape):
    with pytest.raises(ValueError, match=r"1 x 128 x 128, not .*features=grey .*2\.56") as error:
        GenreOriginal(*shape, classes=2, dropout=0.5)
    assert "\n" not in str(error.value)
