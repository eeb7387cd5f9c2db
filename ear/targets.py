"""What the network is to answer: onsets and sounding notes on the grid of its frames."""

from __future__ import annotations

import numpy as np

from earmark.features.ear.spectrum import FRAME_RATE_HZ, LOWEST_PITCH, PITCHES

ONSET_FRAMES = 1.5  # an onset fades over so many frames on either side of its time


def targets(notes: np.ndarray, frames: int) -> np.ndarray:
    """Targets of a clip.

    Args:
        notes: (n, 3): onset and end in seconds, MIDI pitch.
        frames: Frames of the clip; frame k is centred on k / FRAME_RATE_HZ seconds.

    Returns:
        (2, pitches, frames) of float32 from 0 to 1: a triangle around each onset, and 1 where a note sounds.
    """
    onset, sounding = np.zeros((2, PITCHES, frames), np.float32)
    for begin_s, end_s, pitch in notes:
        row = int(pitch) - LOWEST_PITCH
        begin = begin_s * FRAME_RATE_HZ
        first = round(begin)
        if not 0 <= row < PITCHES or first >= frames:
            continue
        sounding[row, max(first, 0) : max(round(end_s * FRAME_RATE_HZ), first + 1)] = 1
        for frame in range(max(first - 1, 0), min(first + 2, frames)):
            onset[row, frame] = max(onset[row, frame], 1 - abs(frame - begin) / ONSET_FRAMES)
    return np.stack([onset, sounding])
