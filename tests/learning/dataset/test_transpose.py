"""Sound and key move together."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.decisions.keys import KEYS
from earmark.foundation.errors import EarmarkError
from earmark.learning.dataset.draws import USES, Draws
from earmark.learning.dataset.transpose import Transposition

BANDS = 3 * 12 * 2  # two octaves of three bands a semitone


@dataclass(frozen=True)
class Bands:
    """What a transposition asks of a front end."""

    bands_per_semitone: int


PITCHWISE = Bands(3)


def moved_by(most, semitones, clip, key, bands=3):
    """A clip and its key after a transposition that draws this number of semitones."""
    numbers = np.full((1, len(USES)), (semitones + most + 0.5) / (2 * most + 1))
    draws = Draws(np.zeros(1, dtype=np.int64), numbers)
    clips, keys = Transposition(most, bands)(torch.from_numpy(clip)[None], torch.tensor([key]), draws)
    return clips[0].numpy(), int(keys[0])


def tone(semitone, frames=4):
    """A clip of -80 with one loud band in the middle of a semitone."""
    clip = np.full((1, BANDS, frames), -80.0, dtype=np.float32)
    clip[:, 3 * semitone + 1] = 0.0
    return clip


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 23), st.integers(-11, 11))
def test_the_tone_on_the_tonic_stays_on_the_tonic(key, semitones):
    """Sound and key move by the same interval, and the mode stays."""
    clip, moved = moved_by(11, semitones, tone(12), key)
    (loud,) = {int(band) for band in clip[0].argmax(axis=0)}
    assert (loud - 1) // 3 == 12 + semitones
    assert (moved - key) % 12 == semitones % 12
    assert KEYS[moved].split()[1] == KEYS[key].split()[1]


@pytest.mark.parametrize(
    ("before", "semitones", "after"),
    [
        ("C major", 2, "D major"),
        ("A minor", 3, "C minor"),
        ("Db major", -2, "B major"),
        ("B minor", 1, "C minor"),
    ],
)
def test_known_transpositions(before, semitones, after):
    _, moved = moved_by(3, semitones, tone(0), KEYS.index(before))
    assert KEYS[moved] == after


@pytest.mark.parametrize("semitones", [-2, 2])
def test_what_comes_in_at_the_edge_is_quiet_and_nothing_comes_round(semitones):
    clip = np.arange(BANDS, dtype=np.float32)[None, :, None] * np.ones((1, 1, 4), np.float32) - 100
    moved, _ = moved_by(2, semitones, clip, 0)
    shift = 3 * semitones
    new = moved[:, :shift] if shift > 0 else moved[:, shift:]
    kept = moved[:, shift:] if shift > 0 else moved[:, :shift]
    assert (new == clip.min()).all()
    assert (kept == (clip[:, :-shift] if shift > 0 else clip[:, -shift:])).all()


def test_the_clip_that_is_given_stays():
    clip = tone(3)
    before = clip.copy()
    moved_by(3, 2, clip, 0)
    assert (clip == before).all()


def test_all_semitones_up_to_the_most_occur_alike():
    numbers = np.random.default_rng(0).random((2000, len(USES)))
    draws = Draws(np.zeros(2000, dtype=np.int64), numbers)
    clips = torch.from_numpy(tone(5, frames=1)).expand(2000, -1, -1, -1)
    _, keys = Transposition(2, 3)(clips, torch.zeros(2000, dtype=torch.long), draws)
    drawn, counts = np.unique((keys.numpy() + 6) % 12 - 6, return_counts=True)
    assert drawn.tolist() == [-2, -1, 0, 1, 2]
    assert counts == pytest.approx(400, rel=0.15)


def test_none_where_nothing_is_to_be_moved():
    assert Transposition.of(0, Bands(0), []) is None
    assert Transposition.of(4, PITCHWISE, KEYS) == Transposition(4, 3)
    assert Transposition.of(4, PITCHWISE, list(KEYS)) == Transposition(4, 3)


@pytest.mark.parametrize(
    ("front_end", "classes", "message"),
    [
        (Bands(0), KEYS, "needs a pitch-wise front end: features=pitch"),
        (PITCHWISE, ("jig", "reel"), "is for the 24 keys"),
        (PITCHWISE, KEYS[::-1], "is for the 24 keys"),
        (PITCHWISE, KEYS[:12], "is for the 24 keys"),
    ],
)
def test_sound_or_labels_without_semitones_are_refused(front_end, classes, message):
    with pytest.raises(EarmarkError, match=message) as caught:
        Transposition.of(1, front_end, classes)
    assert "\n" not in str(caught.value)


def test_the_configs_keys_are_these():
    conf = Path(__file__).parents[3] / "conf" / "data" / "key.yaml"
    assert tuple(yaml.safe_load(conf.read_text(encoding="utf-8"))["labels"]) == KEYS
