"""Long sounds, a passage at a time."""

import numpy as np
import pytest

from earmark.foundation.errors import PieceError
from earmark.music.recordings import passages
from earmark.music.recordings.passages import Passages

RATE_HZ = 8_000


@pytest.fixture(autouse=True)
def of_a_second(monkeypatch):
    monkeypatch.setattr(passages, "PASSAGE_S", 1.0)


@pytest.mark.parametrize(
    ("seconds", "ends"), [(0.2, [0.2]), (1.4, [1.4]), (1.6, [1, 1.6]), (3, [1, 2, 3]), (3.4, [1, 2, 3.4])]
)
def test_they_follow_each_other_and_a_short_rest_belongs_to_the_last(write_sound, seconds, ends):
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (int(seconds * RATE_HZ), 2)).astype(np.float32)
    found = Passages.of(write_sound(sound, RATE_HZ, subtype="FLOAT"))
    parts = list(found)
    np.testing.assert_array_equal(np.concatenate([part.waveform for part in parts], axis=1), sound.T)
    assert [part.end_s for part in parts] == ends
    assert [part.begin_s for part in parts] == [0, *ends[:-1]]
    assert [part.is_last for part in parts] == [False] * (len(ends) - 1) + [True]
    assert found.duration_s == pytest.approx(seconds)
    assert next(iter(found)).begin_s == 0  # a second time


def test_context_lies_before_and_after(write_sound):
    ramp = np.linspace(-0.5, 0.5, 3 * RATE_HZ, dtype=np.float32)[:, None]
    parts = list(Passages.of(write_sound(ramp, RATE_HZ, subtype="FLOAT"), context_s=0.25))
    assert [(part.first_s, part.waveform.shape[1] / RATE_HZ) for part in parts] == [
        (0, 1.25),
        (0.75, 1.5),
        (1.75, 1.25),
    ]
    np.testing.assert_array_equal(parts[1].waveform[0], ramp[int(0.75 * RATE_HZ) : int(2.25 * RATE_HZ), 0])


def test_what_is_no_sound_is_refused(tmp_path, write_sound):
    (tmp_path / "no.wav").write_text("no sound")
    with pytest.raises(PieceError, match="cannot be read as audio"):
        Passages.of(tmp_path / "no.wav")
    broken = write_sound(np.full((100, 1), np.nan, np.float32), RATE_HZ, subtype="FLOAT")
    with pytest.raises(PieceError, match="not numbers"):
        list(Passages.of(broken))
