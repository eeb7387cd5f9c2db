"""Notes as features: shape, pooling, refused settings."""

import numpy as np
import pytest

from earmark.features.notes import HeardNotes
from earmark.foundation.errors import PieceError

RATE_HZ = 44_100


def test_two_channels_of_88_pitches_at_the_frame_rate(tone):
    sound = tone(440, RATE_HZ, 2.0).T
    front_end = HeardNotes()
    onset, sounding = front_end(sound, RATE_HZ)
    assert onset.shape == sounding.shape == (88, 1 + 2 * 22_050 // 512)
    assert front_end.frame_rate_hz(RATE_HZ) == pytest.approx(43.07, abs=0.01)
    assert int(sounding[:, 40].argmax()) == 69 - 21
    assert 0 <= onset.min() <= onset.max() <= 1


def test_pooling_keeps_the_highest_probability(tone):
    sound = tone(440, RATE_HZ, 2.0).T
    fine, pooled = HeardNotes()(sound, RATE_HZ), HeardNotes(pooled_frames=3)(sound, RATE_HZ)
    assert pooled.shape[2] == -(-fine.shape[2] // 3)
    assert pooled[..., 2] == pytest.approx(fine[..., 6:9].max(axis=-1))


def test_what_cannot_work_is_refused():
    with pytest.raises(ValueError, match=r"audio\.sample_rate"):
        HeardNotes().check(4_000)
    with pytest.raises(ValueError, match="pooled_frames"):
        HeardNotes(pooled_frames=0).check(RATE_HZ)
    with pytest.raises(PieceError, match="no samples"):
        HeardNotes()(np.zeros((1, 0), np.float32), RATE_HZ)
