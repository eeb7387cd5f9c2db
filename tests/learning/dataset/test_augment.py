"""Augmentation changes a copy, within its bounds, and the same way twice."""

import numpy as np
import pytest
import torch

from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.draws import USES, Draws

FLOOR = -80.0
EVERYTHING = Augmentation(max_gain_db=6.0, max_band_shift=4, max_masked_bands=5)
EACH = [
    Augmentation(),
    Augmentation(max_gain_db=6.0),
    Augmentation(max_band_shift=4),
    Augmentation(max_masked_bands=5),
    EVERYTHING,
]


@pytest.fixture
def clip():
    """(channels, bands, frames) in dB, every band different and none silent but for one value."""
    values = np.random.default_rng(0).uniform(-60, 0, (2, 16, 10)).astype(np.float32)
    values[0, 0, 0] = FLOOR
    return values


def changed(augmentation, clip, count=200, seed=0):
    """The clip as it is changed `count` times in one batch."""
    numbers = np.random.default_rng(seed).random((count, len(USES)))
    clips = torch.from_numpy(clip).repeat(count, 1, 1, 1)
    return list(augmentation(clips, Draws(np.zeros(count, dtype=np.int64), numbers)).numpy())


def naive(augmentation, clip, gain, shift, width, start):
    """What is documented, step by step, for one clip and these numbers."""
    floor, clip = clip.min(), clip.copy()
    if augmentation.max_gain_db:
        clip += np.float32(gain)
    if augmentation.max_band_shift:
        moved = np.full_like(clip, floor)
        for band in range(clip.shape[1]):
            if 0 <= band - shift < clip.shape[1]:
                moved[:, band] = clip[:, band - shift]
        clip = moved
    if augmentation.max_masked_bands:
        clip[:, start : start + width] = floor
    return clip


@pytest.mark.parametrize("augmentation", EACH)
def test_shape_and_type_stay_and_the_input_is_not_touched(augmentation, clip):
    before = clip.copy()
    for found in changed(augmentation, clip):
        assert (found.shape, found.dtype) == (clip.shape, np.float32)
    assert (clip == before).all()


@pytest.mark.parametrize("augmentation", EACH)
def test_a_batch_is_changed_as_its_clips_one_by_one(augmentation):
    random = np.random.default_rng(1)
    clips = random.uniform(-60, 0, (50, 2, 16, 10)).astype(np.float32)
    draws = Draws(np.zeros(50, dtype=np.int64), random.random((50, len(USES))))
    found = augmentation(torch.from_numpy(clips), draws).numpy()
    gains, shifts = draws.uniform("gain", -6, 6), draws.integers("band_shift", -4, 5)
    widths = draws.integers("mask_width", 0, 6)
    starts = draws.integers("mask_start", 0, 16 - widths + 1)
    assert (starts + widths).max() == 16
    for row, numbers in enumerate(zip(gains, shifts, widths, starts, strict=True)):
        assert (found[row] == naive(augmentation, clips[row], *numbers)).all()


@pytest.mark.parametrize("augmentation", EACH[1:])
def test_a_share_of_a_batch_is_changed_as_in_the_whole(augmentation, clip):
    numbers = np.random.default_rng(0).random((9, len(USES)))
    clips, pieces = torch.from_numpy(clip).repeat(9, 1, 1, 1), np.zeros(9, dtype=np.int64)
    whole = augmentation(clips, Draws(pieces, numbers))
    assert torch.equal(whole[1::2], augmentation(clips[1::2], Draws(pieces[1::2], numbers[1::2])))


@pytest.mark.parametrize("augmentation", EACH[1:])
def test_the_numbers_decide(augmentation, clip):
    first, again = changed(augmentation, clip), changed(augmentation, clip)
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    assert any((one != first[0]).any() for one in first)


def test_nothing_asked_for_nothing_changed(clip):
    assert (np.stack(changed(Augmentation(), clip, 3)) == clip).all()


def test_gain_is_one_number_within_its_bound(clip):
    gains = []
    for found in changed(Augmentation(max_gain_db=6.0), clip):
        gain = found - clip
        assert gain == pytest.approx(gain.flat[0], abs=1e-4)
        gains.append(float(gain.flat[0]))
    assert -6 <= min(gains) < -5
    assert 5 < max(gains) <= 6


def test_shifting_moves_bands_and_fills_with_silence(clip):
    seen = set()
    for found in changed(Augmentation(max_band_shift=4), clip):
        (shift,) = (
            number
            for number in range(-4, 5)
            if (
                found[:, max(number, 0) : 16 + min(number, 0)]
                == clip[:, max(-number, 0) : 16 - max(number, 0)]
            ).all()
        )
        filled = found[:, :shift] if shift > 0 else found[:, 16 + shift :]
        assert (filled == FLOOR).all()
        seen.add(shift)
    assert seen == set(range(-4, 5))


def test_masking_silences_one_stretch_of_bands_for_the_whole_clip(clip):
    widths = set()
    for found in changed(Augmentation(max_masked_bands=5), clip):
        silent = np.flatnonzero((found == FLOOR).all(axis=(0, 2)))
        assert (np.diff(silent) == 1).all()
        kept = np.setdiff1d(np.arange(16), silent)
        assert (found[:, kept] == clip[:, kept]).all()
        widths.add(len(silent))
    assert widths == set(range(6))


@pytest.mark.parametrize("bands", [1, 3])
def test_bounds_wider_than_the_spectrogram_do_no_harm(bands):
    clip = np.zeros((1, bands, 4), dtype=np.float32)
    for found in changed(Augmentation(max_band_shift=9, max_masked_bands=9), clip):
        assert found.shape == clip.shape
