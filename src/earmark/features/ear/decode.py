"""Notes from what the ear heard: peaks of the onsets, each until its pitch stops sounding or begins anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.features.ear.hearing import Hearing
from earmark.features.ear.spectrum import FRAME_RATE_HZ, LOWEST_PITCH

ONSET_THRESHOLD = 0.5
SOUNDING_THRESHOLD = 0.4
GAP_FRAMES = 3  # a note ends where it is not heard for so many frames, 70 ms
SHORTEST_FRAMES = 3


@dataclass(frozen=True)
class HeardNotes:
    """Notes in the order of onset; all (n,).

    Attributes:
        onset_s: Seconds.
        end_s: Seconds.
        pitch: MIDI number.
        confidence: Probability of the onset, 0 to 1.
    """

    onset_s: np.ndarray
    end_s: np.ndarray
    pitch: np.ndarray
    confidence: np.ndarray

    def __len__(self) -> int:
        return len(self.pitch)


def notes_heard(hearing: Hearing, onset_threshold: float = ONSET_THRESHOLD) -> HeardNotes:
    """Decode notes.

    Args:
        hearing: What `hear` gave.
        onset_threshold: Probability from which a peak is an onset.
    """
    onset, sounding = hearing.onset, hearing.sounding
    before = np.pad(onset, ((0, 0), (1, 0)))[:, :-1]
    after = np.pad(onset, ((0, 0), (0, 1)))[:, 1:]
    row, frame = np.nonzero((onset >= onset_threshold) & (onset >= before) & (onset > after))
    gap = _next_gap(sounding)
    following = np.full(len(row), onset.shape[1])  # of the next onset of the pitch
    same = row[1:] == row[:-1]
    following[:-1][same] = frame[1:][same]
    # In the onset's own frame and the next the note may not be heard yet.
    begun = np.minimum(frame + SHORTEST_FRAMES - 1, onset.shape[1] - 1)
    end = np.minimum(np.maximum(gap[row, begun], frame + SHORTEST_FRAMES), following)
    # A parabola through three frames places the onset between them.
    left, here, right = before[row, frame], onset[row, frame], after[row, frame]
    shift = 0.5 * (left - right) / np.minimum(left - 2 * here + right, -1e-6)
    onset_s = np.maximum(frame + np.clip(shift, -0.5, 0.5), 0) / FRAME_RATE_HZ
    order = np.lexsort((row, onset_s))
    return HeardNotes(
        onset_s=onset_s[order],
        end_s=np.maximum(end / FRAME_RATE_HZ, onset_s + 0.01)[order],
        pitch=(row + LOWEST_PITCH)[order],
        confidence=here[order],
    )


def _next_gap(sounding: np.ndarray) -> np.ndarray:
    """For each pitch and frame (pitches, frames), where the next GAP_FRAMES silent frames begin."""
    frames = sounding.shape[1]
    silent = np.pad(sounding < SOUNDING_THRESHOLD, ((0, 0), (0, GAP_FRAMES)), constant_values=True)
    gap = np.all([silent[:, shift : shift + frames] for shift in range(GAP_FRAMES)], axis=0)
    begin = np.where(gap, np.arange(frames), frames)
    return np.minimum.accumulate(begin[:, ::-1], axis=1)[:, ::-1]
