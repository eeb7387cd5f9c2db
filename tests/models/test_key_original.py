"""The published sizes of the key network, and what its pooling discards."""

import pytest
import torch

from earmark.models.key_original import KeyOriginal


def parameters(layer):
    return sum(weight.numel() for weight in layer.parameters())


def test_layer_by_layer_it_has_the_published_parameters():
    network = KeyOriginal(1, 88, 88, classes=24)
    layers = [parameters(layer) for layer in network.layers if parameters(layer)]
    assert layers == [80, 2_080, 8_256, 8_224, 32 * 24 + 24]
    assert parameters(network) == 19_432
    assert network(torch.rand(2, 1, 88, 88)).shape == (2, 24)


def test_a_pixel_is_lost_in_the_average():
    """Away from the edges, moving the picture by both poolings changes nothing."""
    torch.manual_seed(0)
    network = KeyOriginal(1, 88, 88, classes=24).eval()
    picture = torch.zeros(1, 1, 88, 88)
    picture[..., 40:48, 20:60] = 255 * torch.rand(8, 40)
    assert torch.allclose(network(picture), network(picture.roll(4, dims=2)), atol=1e-3)


@pytest.mark.parametrize("shape", [(2, 88, 88), (1, 87, 88), (1, 88, 87)])
def test_any_other_shape_is_refused_in_one_line(shape):
    with pytest.raises(ValueError, match=r"1 x 88 x 88, not .*features=key_picture") as error:
        KeyOriginal(*shape, classes=24)
    assert "\n" not in str(error.value)
