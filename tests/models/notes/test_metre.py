"""Metre: peaks where rhythms repeat, whatever the pace; zeros where there is too little."""

import numpy as np
import pytest

from earmark.models.notes.metre import DIMENSIONS, LAGS, metre
from earmark.models.notes.passage import Passage


def passage(durations, pitches, repeats=12, quaver_s=0.2):
    """A pattern of durations in quavers, and of pitches, again and again."""
    durations = np.tile(durations, repeats) * quaver_s
    onset_s = np.concatenate([[0.0], np.cumsum(durations)[:-1]])
    return Passage.of(onset_s, onset_s + durations, np.resize(pitches, len(durations)))


def correlations(values):
    """Of onsets, durations, leaps and pitches, by lag."""
    return dict(zip(("begun", "long", "leapt", "same"), values[: 4 * len(LAGS)].reshape(4, -1), strict=True))


JIG = ([1, 1, 1, 1, 1, 1], [74, 69, 66, 71, 66, 62])
REEL = ([1] * 8, [74, 69, 66, 69, 71, 67, 64, 67])


def test_a_jig_repeats_after_six_quavers_and_a_reel_after_eight():
    """A step is half a quaver here."""
    jig, reel = (correlations(metre(passage(*pattern)))["same"] for pattern in (JIG, REEL))
    assert jig[12 - 1] == pytest.approx(1.0, abs=0.05)
    assert jig[16 - 1] < 0.5
    assert reel[16 - 1] == pytest.approx(1.0, abs=0.05)
    assert reel[12 - 1] < 0.5


def test_pace_does_not_count():
    slow, fast = (metre(passage(*JIG, quaver_s=length_s)) for length_s in (0.3, 0.15))
    assert slow == pytest.approx(fast, abs=1e-6)


def test_dotted_pairs_are_told_from_even_ones():
    dotted, even = (metre(passage(durations, [60, 64])) for durations in ([1.5, 0.5], [1, 1]))
    ratios = slice(-9, None)
    assert even[ratios].argmax() == 4  # as long as the one before
    assert dotted[ratios][4] < even[ratios][4] / 4


def test_of_few_onsets_nothing_is_said():
    few = metre(passage([1, 1], [60, 62], repeats=2))
    assert few.shape == (DIMENSIONS,)
    assert not few.any()
    assert np.isfinite(metre(passage([20], [60]))).all()
