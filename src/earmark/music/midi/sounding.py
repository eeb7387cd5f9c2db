"""Notes as they sound: without drums, ringing on while the sustain pedal is down, from the first onset on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.foundation.errors import PieceError
from earmark.music.midi.notes import Notes, notes_of
from earmark.music.midi.smf import CONTROL, Events

SUSTAIN = 64  # controller of the sustain pedal
PEDAL_DOWN = 64  # its value from which it is down
SHORTEST_S = 0.02


@dataclass(frozen=True)
class SoundingNotes:
    """Notes in the order of onset; all (n,).

    Attributes:
        onset_s: Seconds since the first onset.
        end_s: Seconds since the first onset.
        pitch: MIDI number.
        program: General MIDI program, 0 to 127.
    """

    onset_s: np.ndarray
    end_s: np.ndarray
    pitch: np.ndarray
    program: np.ndarray

    @property
    def length_s(self) -> float:
        """When the last note ends, seconds."""
        return float(self.end_s.max())


def sounding_notes(events: Events, max_s: float) -> SoundingNotes:
    """Return the notes of a piece as they sound.

    The sustain pedal holds notes. A note ends at the latest where its pitch begins anew.

    Args:
        events: The piece's.
        max_s: Seconds after the first onset where it is cut off; 0 for no limit.

    Raises:
        PieceError: Nothing but drums plays.
    """
    pitched = events.where(~events.is_drum)
    notes = notes_of(pitched)
    if len(notes) == 0:
        raise PieceError("only drums play: there are no notes with a pitch")
    end_s = _held_by_pedal(pitched, notes)
    again_s = _next_onset_of_pitch(notes)
    end_s = np.minimum(end_s, np.maximum(again_s, notes.onset_s + SHORTEST_S))
    first_s = float(notes.onset_s.min())
    limit_s = max_s if max_s > 0 else np.inf
    kept = notes.onset_s - first_s < limit_s
    onset_s = (notes.onset_s - first_s)[kept]
    end_s = np.minimum(np.maximum((end_s - first_s)[kept], onset_s + SHORTEST_S), limit_s)
    order = np.lexsort((notes.pitch[kept], onset_s))
    pitch, program = (values[kept][order].astype(np.int64) for values in (notes.pitch, notes.program))
    return SoundingNotes(onset_s[order], end_s[order], pitch, program)


def _held_by_pedal(events: Events, notes: Notes) -> np.ndarray:
    """When each note ends (n,), seconds; one pedal holds all parts, as where one piano plays them."""
    end_s = notes.onset_s + notes.duration_s
    pedal = events.where((events.kind == CONTROL) & (events.data1 == SUSTAIN))
    down = pedal.data2 >= PEDAL_DOWN
    if not down.any():
        return end_s
    last = np.searchsorted(pedal.time_s, end_s, side="right") - 1
    held = (last >= 0) & down[np.maximum(last, 0)]
    released_s = np.append(pedal.time_s[~down], notes.end_s)
    following = np.searchsorted(released_s[:-1], end_s, side="right")
    return np.where(held, np.maximum(released_s[following], end_s), end_s)


def _next_onset_of_pitch(notes: Notes) -> np.ndarray:
    """When the pitch of each note begins anew (n,), seconds; infinite for its last note."""
    order = np.lexsort((notes.onset_s, notes.pitch))
    pitch, onset_s = notes.pitch[order], notes.onset_s[order]
    following = np.full(len(order), np.inf)
    same = pitch[1:] == pitch[:-1]
    following[:-1][same] = onset_s[1:][same]
    again_s = np.empty(len(order))
    again_s[order] = following
    return again_s
