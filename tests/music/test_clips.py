"""From seconds to frames."""

import pytest

from earmark.music.clips import ClipGeometry


@pytest.mark.parametrize(
    ("clip_s", "hop_s", "rate_hz", "frames", "hop"),
    [(10.0, 5.0, 21.5, 215, 108), (2.0, 0.5, 8.0, 16, 4), (0.01, 0.01, 10.0, 1, 1)],
)
def test_lengths_in_frames(clip_s, hop_s, rate_hz, frames, hop):
    dataset = {"clip_s": clip_s, "evaluation_hop_s": hop_s, "evaluation_max_clips": 7, "training_hop_s": 0.0}
    assert ClipGeometry.of(dataset, rate_hz) == ClipGeometry(frames, hop, 7, rate_hz)


def test_training_clips_begin_anywhere_or_on_a_grid():
    dataset = {"clip_s": 2.56, "evaluation_hop_s": 2.56, "evaluation_max_clips": 0, "training_hop_s": 2.56}
    found = ClipGeometry.of(dataset, 50.0)
    assert (found.frames, found.hop, found.training_hop) == (128, 128, 128)
    assert ClipGeometry.of({**dataset, "training_hop_s": 0.0}, 50.0).training_hop == 1
