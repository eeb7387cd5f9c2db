"""What any encoder in conf/model must keep to."""

from pathlib import Path

import pytest
import torch

from earmark.config import build, compose, plain

CONF = Path(__file__).parents[2] / "conf"
MODELS = sorted(file.stem for file in (CONF / "model").glob("*.yaml"))
BANDS, FRAMES = 40, 50


@pytest.fixture(params=MODELS)
def settings(request):
    return plain(compose(CONF, [f"model={request.param}"]).model)


def encoder(settings, channels=1, seed=0):
    torch.manual_seed(seed)
    return build({**settings, "channels": channels, "bands": BANDS, "frames": FRAMES}, "model")


def clips(count=6, channels=1, seed=1):
    random = torch.Generator().manual_seed(seed)
    return -80 * torch.rand(count, channels, BANDS, FRAMES, generator=random)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_clip_becomes_a_vector_of_numbers(settings, channels):
    found = encoder(settings, channels).eval()(clips(channels=channels))
    assert (found.ndim, len(found), found.dtype) == (2, 6, torch.float32)
    assert found.shape[1] > 1
    assert found.isfinite().all()


def test_a_clip_is_embedded_alike_in_any_company(settings):
    network = encoder(settings).eval()
    together = network(clips())
    alone = torch.cat([network(clip[None]) for clip in clips()])
    assert torch.allclose(together, alone, atol=1e-5)


def test_different_clips_are_told_apart(settings):
    found = encoder(settings).eval()(clips())
    assert (torch.pdist(found) > 1e-4).all()


def test_every_weight_learns(settings):
    network = encoder(settings).train()
    target = torch.nn.functional.normalize(torch.randn(6, network(clips()).shape[1]), dim=1)
    (network(clips()) - target).square().sum().backward()
    still = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert still == []


def test_equal_seeds_build_equal_encoders(settings):
    one, same, other = (encoder(settings, seed=seed).eval()(clips()) for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.allclose(one, other, atol=1e-3)


def test_silence_and_loudest_noise_stay_numbers(settings):
    network = encoder(settings).eval()
    for level in (-100.0, 0.0):
        assert network(torch.full((2, 1, BANDS, FRAMES), level)).isfinite().all()


def test_weights_survive_the_way_through_a_file(settings, tmp_path):
    from safetensors.torch import load_file, save_file

    network = encoder(settings).eval()
    weights = {name: weight.contiguous() for name, weight in network.state_dict().items()}
    save_file(weights, tmp_path / "weights.safetensors")
    other = encoder(settings, seed=5).eval()
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert torch.equal(network(clips()), other(clips()))
