"""Networks as ONNX, against what they compute in torch."""

import numpy as np
import pytest
import torch
from torch import nn

from earmark.features.mel import LogMel
from earmark.models.convnet import ConvNet
from earmark.models.onnx_export import BOUND, NotExported, exported

RATE_HZ = 22_050


def a_convnet(frames):
    torch.manual_seed(0)
    widths = [16, 32, 64, 128]
    network = ConvNet(1, 96, frames, widths, embedding=64, dropout=0.3, statistics=True, unit=False)
    network(-80 * torch.rand(8, 1, 96, frames))  # batch normalisation has seen something
    return network.eval()


def spectrograms(count, frames):
    """Log-mel spectrograms of chords that swell and fade under noise (count, 1, 96, frames)."""
    draw, clips = np.random.default_rng(0), []
    time_s = np.arange(frames * 512) / RATE_HZ
    for _ in range(count):
        chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in draw.uniform(80, 2000, 4))
        sound = 0.1 * chord * np.sin(time_s) ** 2 + draw.normal(0, 0.01, len(time_s))
        clips.append(LogMel(top_db=40.0)(sound[None].astype(np.float32), RATE_HZ)[..., :frames])
    return np.stack(clips)


def test_the_default_network_is_equal_on_music_and_its_bytes_are_reproducible():
    network, clips = a_convnet(frames=200), spectrograms(6, 200)
    content = exported(network, clips)
    assert content == exported(network, clips[:2])
    assert len(content) < 1.1 * sum(tensor.nbytes for tensor in network.state_dict().values())


class Wrong(nn.Module):
    """Keeps a number of the clip that it was exported by."""

    def forward(self, clips):
        return clips.flatten(1)[:, :4] * float(clips.mean())


class Branching(nn.Module):
    def forward(self, clips):
        return torch.linalg.eigvals(clips[:, 0, :4, :4]).real


@pytest.mark.parametrize(("network", "reason"), [(Wrong(), "differ from torch by"), (Branching(), "eig")])
def test_what_onnx_cannot_say_or_says_wrongly_is_not_exported(network, reason):
    with pytest.raises(NotExported, match=reason):
        exported(network.eval(), spectrograms(3, 20))


def test_the_bound_is_far_below_what_a_verdict_feels():
    assert BOUND <= 1e-4
