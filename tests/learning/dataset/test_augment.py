"""Augmentation changes a copy, within its bounds, and the same way twice."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.draws import USES, Draws

FLOOR = -80.0
AUGMENTATIONS = st.builds(
    Augmentation,
    max_gain_db=st.sampled_from([0.0, 6.0]),
    max_band_shift=st.sampled_from([0, 4, 20]),
    max_masked_bands=st.sampled_from([0, 5, 20]),
)


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


@settings(deadline=None, max_examples=60)
@given(AUGMENTATIONS, st.integers(0, 2**32), st.integers(1, 16))
def test_a_batch_is_changed_as_documented_clip_by_clip_and_stays_as_it_was(augmentation, seed, bands):
    random = np.random.default_rng(seed)
    clips = random.uniform(-60, 0, (12, 2, bands, 5)).astype(np.float32)
    before, draws = clips.copy(), Draws(np.zeros(12, dtype=np.int64), random.random((12, len(USES))))
    changed_clips = augmentation(torch.from_numpy(clips), draws)
    assert (clips == before).all()
    assert (changed_clips.dtype, changed_clips.shape) == (torch.float32, clips.shape)
    most_bands = min(augmentation.max_masked_bands, bands)
    gains = draws.uniform("gain", -augmentation.max_gain_db, augmentation.max_gain_db)
    shifts = draws.integers("band_shift", -augmentation.max_band_shift, augmentation.max_band_shift + 1)
    widths = draws.integers("mask_width", 0, most_bands + 1)
    starts = draws.integers("mask_start", 0, bands - widths + 1)
    for row, numbers in enumerate(zip(gains, shifts, widths, starts, strict=True)):
        assert (changed_clips[row].numpy() == naive(augmentation, clips[row], *numbers)).all()
    # A process that has a share of the batch changes it in the same way.
    share = Draws(draws.pieces[1::2], draws.numbers[1::2])
    assert torch.equal(changed_clips[1::2], augmentation(torch.from_numpy(clips[1::2]), share))


def test_nothing_asked_for_nothing_changed(clip):
    assert (np.stack(changed(Augmentation(), clip, 3)) == clip).all()


def test_gain_is_one_number_within_its_bound(clip):
    gains = []
    for new in changed(Augmentation(max_gain_db=6.0), clip):
        gain = new - clip
        assert gain == pytest.approx(gain.flat[0], abs=1e-4)
        gains.append(float(gain.flat[0]))
    assert -6 <= min(gains) < -5
    assert 5 < max(gains) <= 6


def test_shifting_moves_bands_and_fills_with_silence(clip):
    shifts = set()
    for new in changed(Augmentation(max_band_shift=4), clip):
        (shift,) = (
            number
            for number in range(-4, 5)
            if (
                new[:, max(number, 0) : 16 + min(number, 0)] == clip[:, max(-number, 0) : 16 - max(number, 0)]
            ).all()
        )
        filled = new[:, :shift] if shift > 0 else new[:, 16 + shift :]
        assert (filled == FLOOR).all()
        shifts.add(shift)
    assert shifts == set(range(-4, 5))


def test_masking_silences_one_stretch_of_bands_for_the_whole_clip(clip):
    widths = set()
    for new in changed(Augmentation(max_masked_bands=5), clip):
        silent = np.flatnonzero((new == FLOOR).all(axis=(0, 2)))
        assert (np.diff(silent) == 1).all()
        kept = np.setdiff1d(np.arange(16), silent)
        assert (new[:, kept] == clip[:, kept]).all()
        widths.add(len(silent))
    assert widths == set(range(6))
