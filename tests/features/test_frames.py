"""One channel, cut into overlapping frames."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earmark.features.frames import frame_blocks, mono, padded
from earmark.foundation.errors import PieceError


def test_channels_are_averaged():
    np.testing.assert_allclose(mono(np.array([[1.0, 0.5], [0.0, -0.5]], np.float32)), [0.5, 0.0])


def test_a_waveform_without_samples_is_refused():
    with pytest.raises(PieceError, match="no samples"):
        mono(np.zeros((1, 0), np.float32))


@settings(deadline=None, max_examples=60)
@given(samples=st.integers(1, 6_000), half=st.integers(1, 40), hop=st.integers(1, 100), centred=st.booleans())
@example(samples=4_097, half=4, hop=1, centred=True)  # three blocks
@example(samples=2_048, half=4, hop=1, centred=True)
def test_a_frame_is_what_lies_about_or_after_every_hop_th_sample(samples, half, hop, centred):
    size = 2 * half
    sound = np.arange(1.0, samples + 1)
    if not centred and samples < size:
        return
    blocks = list(frame_blocks(sound, size, hop, centred, block=2_048))
    assert max(map(len, blocks)) <= 2_048
    frames = np.concatenate(blocks)
    whole = np.pad(sound, half) if centred else sound
    starts = np.arange(0, len(whole) - size + 1, hop)
    assert len(frames) == (1 + samples // hop if centred else 1 + (samples - size) // hop)
    np.testing.assert_array_equal(frames, whole[starts[:, None] + np.arange(size)])


def test_the_ends_are_extended_by_zeros_or_by_their_samples():
    sound = np.array([1.0, 2.0])
    np.testing.assert_array_equal(padded(sound, 4), [0, 0, 1, 2, 0, 0])
    np.testing.assert_array_equal(padded(sound, 4, "edge"), [1, 1, 1, 2, 2, 2])
