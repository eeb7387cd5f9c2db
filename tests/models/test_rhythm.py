"""RhythmNet depends on the pace of onsets, and not on loudness or on pitch within a group."""

import pytest
import torch

from earmark.models.rhythm import RhythmNet

FRAMES = 400


def net(**settings):
    torch.manual_seed(0)
    chosen = {"groups": 4, "width": 8, "kernel": 7, "blocks": 4, "dropout": 0.0, **settings}
    return RhythmNet(1, 16, FRAMES, classes=3, **chosen).eval()


def clicks(period, rows=slice(None)):
    """Notes that begin every `period` frames in some rows, and die away."""
    clip = torch.full((1, 1, 16, FRAMES), -60.0)
    for start in range(5, FRAMES - 12, period):
        clip[..., rows, start : start + 12] = torch.linspace(0, -60, 12)
    return clip


def test_loudness_does_not_matter():
    assert torch.allclose(net()(clicks(20)), net()(clicks(20) + 12), atol=1e-5)


def test_pitch_within_a_group_does_not_matter_and_pace_does():
    low, high, slower = clicks(20, slice(4, 6)), clicks(20, slice(6, 8)), clicks(33, slice(4, 6))
    assert torch.allclose(net()(low), net()(high), atol=1e-5)
    assert not torch.allclose(net()(low), net()(slower), atol=2e-4)


def test_silence_gives_numbers():
    assert net()(torch.full((2, 1, 16, FRAMES), -80.0)).isfinite().all()


def test_two_paces_are_learned_in_a_few_steps():
    model = net().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    clips = torch.cat([clicks(period) for period in (14, 15, 16, 30, 31, 32)])
    classes = torch.tensor([0, 0, 0, 1, 1, 1])
    for _ in range(25):
        loss = torch.nn.functional.cross_entropy(model(clips), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert model.eval()(torch.cat([clicks(17), clicks(29)])).argmax(dim=1).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"groups": 5}, "groups=5 does not divide"), ({"blocks": 9}, "features=mel_fine")],
)
def test_what_cannot_work_is_one_line(settings, message):
    with pytest.raises(ValueError, match=message):
        net(**settings)
