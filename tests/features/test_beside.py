"""Front ends side by side: every channel of every part as rows."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.features.beside import Beside
from earmark.features.mel import LogMel
from earmark.features.notes import HeardNotes

RATE_HZ = 22_050
NOTES, MEL = HeardNotes(), LogMel(n_fft=2048, hop_length=512, n_mels=40)
BOTH = Beside([NOTES, MEL])


def test_rows_are_those_of_the_parts(tone):
    sound = tone(440, RATE_HZ, 2.0).T
    BOTH.check(RATE_HZ)
    values = BOTH(sound, RATE_HZ)
    frames = values.shape[2]
    assert values.shape[:2] == (1, 2 * 88 + 40) == (BOTH.channels(1), BOTH.bands())
    mono = sound.mean(axis=0, keepdims=True)
    heard = NOTES(mono, RATE_HZ)[..., :frames]
    np.testing.assert_array_equal(values[0, :88], heard[0])
    np.testing.assert_array_equal(values[0, 88:176], heard[1])
    np.testing.assert_array_equal(values[0, 176:], MEL(mono, RATE_HZ)[0, :, :frames])
    assert BOTH.frame_rate_hz(RATE_HZ) == pytest.approx(43.07, abs=0.01)


def test_both_channels_are_heard_as_their_mean(tone):
    sound = tone(440, RATE_HZ, 1.0).T
    left = np.concatenate([2 * sound[:1], 0 * sound[:1]])
    np.testing.assert_allclose(BOTH(left, RATE_HZ), BOTH(sound[:1], RATE_HZ), atol=1e-4)


def test_what_cannot_go_together_is_refused():
    with pytest.raises(ValueError, match="parts is empty"):
        Beside([]).check(RATE_HZ)
    with pytest.raises(ValueError, match="give them equal hops"):
        Beside([NOTES, replace(MEL, hop_length=441)]).check(RATE_HZ)
    with pytest.raises(ValueError, match="set notes_of=sound"):
        Beside([replace(NOTES, notes_of="file"), MEL]).check(RATE_HZ)
