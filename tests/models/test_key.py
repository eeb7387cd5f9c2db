"""KeyNet under transposition: what it learns of one major and one minor key holds for all 24."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.models.key import KeyNet

BANDS_PER_SEMITONE, LOWEST_PITCH, OCTAVES = 3, 24, 6
SEMITONE = BANDS_PER_SEMITONE
BANDS = 12 * OCTAVES * SEMITONE
FRAMES = 40
MAJOR, HARMONIC_MINOR = [0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 11]
C_MAJOR, FIS_MINOR = 0, 12 + 6
SETTINGS = {"bands_per_semitone": BANDS_PER_SEMITONE, "lowest_pitch": LOWEST_PITCH, "width": 8}
SETTINGS |= {"profiles": 8, "dropout": 0.1}


def key_net(bands=BANDS, channels=1, classes=24, **settings):
    torch.manual_seed(0)
    return KeyNet(channels, bands, FRAMES, classes, **(SETTINGS | settings))


def rotated(scores, semitones):
    """Scores of the same music, transposed: the twelve scores of each mode are rotated by as many."""
    return scores.unflatten(1, (2, 12)).roll(semitones, dims=2).flatten(1)


def melody(key, random):
    """A clip of notes with partials from the key's scale, its triad more often, in dB above -80."""
    tonic, minor = key % 12, key >= 12
    scale = torch.tensor(HARMONIC_MINOR if minor else MAJOR)
    often = torch.tensor([4.0, 1, 3, 1, 3, 1, 1])
    power = torch.full((BANDS, FRAMES), 1e-8)
    for start in range(0, FRAMES, 4):
        for degree in torch.multinomial(often, 3, generator=random):
            octave = int(torch.randint(0, 3, (), generator=random))
            pitch = 48 + 12 * octave + (tonic + int(scale[degree])) % 12
            for partial, semitones in enumerate((0, 12, 19, 24), start=1):
                band = (pitch + semitones - LOWEST_PITCH) * SEMITONE
                if band < BANDS:
                    power[band, start : start + 4] += partial**-2.0
    return 10 * power.log10()[None]


def melodies(keys, seed):
    random = torch.Generator().manual_seed(seed)
    return torch.stack([melody(key, random) for key in keys])


@settings(deadline=None, max_examples=11)
@given(semitones=st.integers(1, 11))
def test_octave_periodic_input_rotates_the_scores_exactly(semitones):
    one = -80 * torch.rand(3, 1, 12 * SEMITONE, FRAMES, generator=torch.Generator().manual_seed(1))
    network, clips = key_net().eval(), one.repeat(1, 1, OCTAVES, 1)
    higher = network(clips.roll(semitones * SEMITONE, dims=2))
    assert torch.allclose(higher, rotated(network(clips), semitones), atol=1e-5)
    assert not torch.allclose(higher, network(clips), atol=1e-3)


@pytest.mark.parametrize("semitones", [-3, 1, 7])
def test_music_away_from_the_edges_rotates_the_scores(semitones):
    clips = torch.full((2, 1, BANDS, FRAMES), -80.0)
    middle = slice(12 * SEMITONE, -12 * SEMITONE)
    clips[:, :, middle] = melodies([3, 20], seed=2)[:, :, middle]
    shifted = torch.full_like(clips, -80.0)
    shifted[:, :, 12 * SEMITONE + semitones * SEMITONE : BANDS - (12 - semitones) * SEMITONE] = clips[
        :, :, middle
    ]
    network = key_net().eval()
    assert torch.allclose(network(shifted), rotated(network(clips), semitones), atol=1e-4)


@pytest.mark.parametrize("lowest_pitch", [24, 26, 35])
def test_the_order_of_the_scores_starts_at_c_wherever_the_bands_start(lowest_pitch):
    clips = melodies([0, 15], seed=3)
    from_c = key_net(lowest_pitch=24).eval()(clips)
    scores = key_net(lowest_pitch=lowest_pitch).eval()(clips)
    # Equal bands of a higher lowest pitch are music transposed by the difference.
    assert torch.allclose(scores, rotated(from_c, lowest_pitch - 24), atol=1e-5)


def test_training_on_two_keys_teaches_all_24():
    network = key_net().train()
    keys = torch.tensor([C_MAJOR, FIS_MINOR] * 16)
    clips = melodies(keys, seed=0)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(clips), keys).backward()
        optimizer.step()
    every = torch.arange(24).repeat(4)
    with torch.inference_mode():
        predicted = network.eval()(melodies(every, seed=1000)).argmax(dim=1)
    assert (predicted == every).float().mean() > 0.9
    assert all((predicted[every == key] == key).any() for key in range(24))


def test_loudness_does_not_matter():
    network, clips = key_net().eval(), melodies([2, 14], seed=4)
    assert torch.allclose(network(clips), network(clips + 12.0), atol=1e-4)


@settings(deadline=None, max_examples=15)
@given(frames=st.integers(1, 200))
def test_clips_may_be_of_any_length(frames):
    scores = key_net().eval()(-80 * torch.rand(2, 1, BANDS, frames))
    assert scores.shape == (2, 24)
    assert scores.isfinite().all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bands": 128}, "128 bands with 3 a semitone: features=pitch"),
        ({"bands": BANDS, "bands_per_semitone": 0}, "with 0 a semitone: features=pitch"),
        ({"classes": 3}, "24 keys as its labels, not 3"),
        ({"channels": 2}, "audio.channels=1"),
    ],
)
def test_what_is_not_pitch_wise_or_not_the_keys_is_refused_in_one_line(changed, message):
    with pytest.raises(ValueError, match=message) as error:
        key_net(**changed)
    assert "\n" not in str(error.value)
