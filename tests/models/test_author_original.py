"""The published sizes of EpyNN's networks, and what one-hot levels mean to them."""

import pytest
import torch

from earmark.models.author_original import DenseClips, RecurrentClips

DENSE = {"levels": 16, "hidden": 64, "dropout": 0.5, "temperature": 5.0}
RECURRENT = {"units": 1, "levels": 16, "hidden": 64, "dropout": 0.5, "temperature": 1.0}


def count(network):
    return sum(weight.numel() for weight in network.parameters())


def level_clips(count=4, samples=50):
    return torch.randint(0, 16, (count, 1, 1, samples), generator=torch.Generator().manual_seed(1)).float()


def networks(frames=50, classes=3, temperature=2.0):
    torch.manual_seed(0)
    shape = {"channels": 1, "bands": 1, "frames": frames, "classes": classes}
    return [
        DenseClips(**shape, **{**DENSE, "temperature": temperature}).eval(),
        *(
            RecurrentClips(**shape, cell=cell, **{**RECURRENT, "temperature": temperature}).eval()
            for cell in ("rnn", "gru")
        ),
    ]


def test_the_published_sizes():
    with torch.device("meta"):
        dense = DenseClips(1, 1, 10_000, 2, **DENSE)
        rnn, gru = (RecurrentClips(1, 1, 10_000, 2, cell=cell, **RECURRENT) for cell in ("rnn", "gru"))
    dense_64, dense_2 = 64, 64 * 2 + 2
    assert count(dense) == 160_000 * 64 + dense_64 + dense_2
    assert count(rnn.head) == count(gru.head) == 10_000 * 64 + dense_64 + dense_2
    # One unit: 16 weights for the levels, 1 for the past and two biases, three times in a GRU.
    assert (count(rnn.recurrent), count(gru.recurrent)) == (19, 57)


@pytest.mark.parametrize("classes", [2, 5])
def test_a_score_for_each_class(classes):
    for network in networks(classes=classes):
        assert network(level_clips()).shape == (4, classes)


def test_the_dense_network_sums_a_weight_for_each_sample_and_its_level():
    network = networks()[0]
    first, last = network.head[1], network.head[4]
    clips = level_clips()
    places = torch.arange(50) * 16 + clips.flatten(1).long()
    hidden = first.weight[:, places].sum(dim=2).T + first.bias
    expected = last(hidden.relu()) / 2.0
    assert torch.allclose(network(clips), expected, atol=1e-6)


def test_temperature_divides_the_scores():
    for hot, cold in zip(networks(temperature=5.0), networks(temperature=1.0), strict=True):
        assert torch.allclose(hot(level_clips()) * 5, cold(level_clips()), atol=1e-6)


def test_numbers_beyond_the_levels_count_as_the_outermost():
    clips = level_clips()
    beyond = torch.where(clips == 15, 99.0, torch.where(clips == 0, -7.0, clips))
    for network in networks():
        assert torch.equal(network(clips), network(beyond))


def test_a_recurrent_output_depends_on_earlier_samples_alone():
    clips = level_clips()
    later = clips.clone()
    later[..., 30:] = 15 - later[..., 30:]
    for network in networks()[1:]:
        one, other = (
            network.recurrent(torch.nn.functional.one_hot(part.flatten(1).long(), 16).float())[0]
            for part in (clips, later)
        )
        assert torch.equal(one[:, :30], other[:, :30])
        assert not torch.allclose(one[:, 30:], other[:, 30:])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bands": 128}, "not 1 x 128"),
        ({"channels": 2}, "not 2 x 1: features=levels"),
        ({"cell": "lstm"}, "cell=lstm must be rnn or gru"),
        ({"temperature": 0.0}, "temperature=0 must be above 0"),
        ({"levels": 1}, "levels=1"),
        ({"units": 0}, "units=0"),
    ],
)
def test_what_cannot_work_is_refused(changed, message):
    shape = {"channels": 1, "bands": 1, "frames": 50, "classes": 2}
    with pytest.raises(ValueError, match=message):
        RecurrentClips(**{**shape, "cell": "rnn", **RECURRENT, **changed})
