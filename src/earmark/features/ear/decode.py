"""Notes from what the ear heard: peaks of the onsets, each until its pitch stops sounding or begins anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.features.ear.hearing import Hearing
from earmark.features.ear.spectrum import FRAME_RATE_HZ, LOWEST_PITCH

ONSET_THRESHOLD = 0.5
SOUNDING_THRESHOLD = 0.4
GAP_S = 0.07  # a note ends where it is not heard for so long
SHORTEST_S = 0.07


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
    """Decode what `hear` gave; see `decode`."""
    return decode(hearing.onset, hearing.sounding, FRAME_RATE_HZ, onset_threshold)


def decode(
    onset: np.ndarray, sounding: np.ndarray, frame_rate_hz: float, onset_threshold: float = ONSET_THRESHOLD
) -> HeardNotes:
    """Decode notes.

    Args:
        onset: Probability that a note begins (pitches, frames), pitches from LOWEST_PITCH upwards.
        sounding: Probability that a note sounds (pitches, frames).
        frame_rate_hz: Frames a second.
        onset_threshold: Probability from which a peak is an onset.
    """
    frames = onset.shape[1]
    gap_frames, shortest = (max(round(length_s * frame_rate_hz), 1) for length_s in (GAP_S, SHORTEST_S))
    before = np.pad(onset, ((0, 0), (1, 0)))[:, :-1]
    after = np.pad(onset, ((0, 0), (0, 1)))[:, 1:]
    row, frame = np.nonzero((onset >= onset_threshold) & (onset >= before) & (onset > after))
    gap = _next_gap(sounding, gap_frames)
    following = np.full(len(row), frames)  # where the pitch begins again
    same = row[1:] == row[:-1]
    following[:-1][same] = frame[1:][same]
    # In the onset's own frame and the next the note may not be heard yet.
    begun = np.minimum(frame + shortest - 1, frames - 1)
    end = np.minimum(np.maximum(gap[row, begun], frame + shortest), following)
    # A parabola through three frames places the onset between them.
    left, here, right = before[row, frame], onset[row, frame], after[row, frame]
    shift = 0.5 * (left - right) / np.minimum(left - 2 * here + right, -1e-6)
    onset_s = np.maximum(frame + np.clip(shift, -0.5, 0.5), 0) / frame_rate_hz
    order = np.lexsort((row, onset_s))
    return HeardNotes(
        onset_s=onset_s[order],
        end_s=np.maximum(end / frame_rate_hz, onset_s + 0.01)[order],
        pitch=(row + LOWEST_PITCH)[order],
        confidence=here[order],
    )


def _next_gap(sounding: np.ndarray, gap_frames: int) -> np.ndarray:
    """For each pitch and frame (pitches, frames), where the next `gap_frames` silent frames begin."""
    frames = sounding.shape[1]
    silent = np.pad(sounding < SOUNDING_THRESHOLD, ((0, 0), (0, gap_frames)), constant_values=True)
    gap = np.all([silent[:, shift : shift + frames] for shift in range(gap_frames)], axis=0)
    begin = np.where(gap, np.arange(frames), frames)
    return np.minimum.accumulate(begin[:, ::-1], axis=1)[:, ::-1]
