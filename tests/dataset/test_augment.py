"""Augmentation changes a copy, within its bounds, and the same way twice."""

import numpy as np
import pytest

from earmark.dataset.augment import Augmentation

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


def changed(augmentation, clip, seeds=range(200)):
    return [augmentation(clip, np.random.default_rng(seed)) for seed in seeds]


@pytest.mark.parametrize("augmentation", EACH)
def test_shape_and_type_stay_and_the_input_is_not_touched(augmentation, clip):
    before = clip.copy()
    for found in changed(augmentation, clip):
        assert (found.shape, found.dtype) == (clip.shape, np.float32)
    assert (clip == before).all()


@pytest.mark.parametrize("augmentation", EACH)
def test_a_read_only_clip_will_do(augmentation, clip):
    clip.flags.writeable = False
    assert len(changed(augmentation, clip)) == 200


@pytest.mark.parametrize("augmentation", EACH[1:])
def test_the_seed_decides(augmentation, clip):
    first, again = changed(augmentation, clip), changed(augmentation, clip)
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    assert any((one != first[0]).any() for one in first)


def test_nothing_asked_for_nothing_changed(clip):
    assert (Augmentation()(clip, np.random.default_rng(0)) == clip).all()


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
