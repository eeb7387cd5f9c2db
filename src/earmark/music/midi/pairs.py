"""Which note-off ends which note-on."""

from __future__ import annotations

import numpy as np

from earmark.music.midi.smf import NOTE_OFF, NOTE_ON, Events


def note_pairs(events: Events) -> tuple[np.ndarray, np.ndarray]:
    """Pair note-ons with what ends them.

    The notes of one key (track, channel and pitch) end in the order in which they began. Of notes that have
    no note-off, one whose note-off stands before it at the same time, as notes of no length are often
    written, ends at once; another ends by a note-off in another track of the channel, else where the key is
    struck again, or with the note that was struck with it. A note-off without a note is left out.

    Args:
        events: Of a piece.

    Returns:
        Rows of note-ons, and of the events that end them, both (pairs,), in the order of the note-ons; a note
        that ends at once has its own row. A note-on that nothing ends is left out.
    """
    rows = np.flatnonzero((events.kind == NOTE_ON) | (events.kind == NOTE_OFF))
    key = _keys(events, rows) | events.track[rows].astype(np.int64) << 32
    begun, ended, held, loose = _paired(rows, key, events.kind[rows] == NOTE_ON)
    if len(held) and len(loose):
        instant, held, loose = _of_no_length(events, held, loose)
        begun, ended = np.concatenate([begun, instant]), np.concatenate([ended, instant])
    if len(held) and len(loose):
        rest = np.sort(np.concatenate([held, loose]))
        more = _paired(rest, _keys(events, rest), events.kind[rest] == NOTE_ON)
        begun, ended, held = np.concatenate([begun, more[0]]), np.concatenate([ended, more[1]]), more[2]
    if len(held):
        more = _ended_otherwise(events, held, begun, ended)
        begun, ended = np.concatenate([begun, more[0]]), np.concatenate([ended, more[1]])
    order = np.argsort(begun)
    return begun[order], ended[order]


def _paired(
    rows: np.ndarray, key: np.ndarray, is_on: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pair note-ons with note-offs, first in first out within each key.

    Returns:
        The rows of note-ons, those of their note-offs, both (pairs,); the rows of note-ons without a
        note-off, those of note-offs without a note-on.
    """
    if len(rows) == 0:
        return rows, rows, rows, rows
    order = np.argsort(key, kind="stable")  # key by key, each in the order of sounding
    rows, key, is_on = rows[order], key[order], is_on[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    group = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(rows))))

    def since_first(counted: np.ndarray) -> np.ndarray:
        """Return the running sum within each key."""
        total = np.cumsum(counted)
        return total - (total[first] - counted[first])[group]

    # A note-off without a note to end makes a new minimum of ons less offs.
    balance = since_first(np.where(is_on, 1, -1))
    offset = group * (2 * len(rows) + 1)  # keeps the minimum of one key out of the next one's
    lowest = np.minimum.accumulate(np.minimum(balance, 0) - offset) + offset
    before = np.concatenate([[0], lowest[:-1]])
    before[first] = 0
    is_loose = ~is_on & (lowest != before)
    # Without those, a note-on whose level the balance never leaves again is never ended.
    balance = balance - lowest
    later = np.minimum.accumulate((balance + offset)[::-1])[::-1] - offset
    is_held = is_on & (later >= balance)
    # The nth of the other note-offs of a key ends its nth of the other notes.
    begins, ends = is_on & ~is_held, ~is_on & ~is_loose
    base = group * len(rows)
    nth_on = (base + since_first(begins.astype(np.int64)))[begins]
    nth_off = (base + since_first(ends.astype(np.int64)))[ends]
    return rows[begins][np.searchsorted(nth_on, nth_off)], rows[ends], rows[is_held], rows[is_loose]


def _of_no_length(
    events: Events, held: np.ndarray, loose: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return note-ons whose note-off stands before them at the same time, and what is left of both."""

    def at(rows: np.ndarray) -> list[tuple[float, int, int]]:
        places = (events.time_s[rows], events.track[rows], _keys(events, rows))
        return list(zip(*(place.tolist() for place in places), strict=True))

    before: dict[tuple[float, int, int], list[int]] = {}
    for row, place in zip(loose.tolist(), at(loose), strict=True):
        before.setdefault(place, []).append(row)
    instant, used = [], []
    for row, place in zip(held.tolist(), at(held), strict=True):
        if before.get(place, [row])[0] < row:
            instant.append(row)
            used.append(before[place].pop(0))
            if not before[place]:
                del before[place]
    return np.array(instant, held.dtype), np.setdiff1d(held, instant), np.setdiff1d(loose, used)


def _ended_otherwise(
    events: Events, held: np.ndarray, begun: np.ndarray, ended: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return note-ons that no note-off is left for, and the events that end them.

    Args:
        events: Of the piece.
        held: The rows of note-ons that have no note-off.
        begun: The rows of those that have one,
        ended: and the rows of the note-offs.
    """
    rows = np.flatnonzero(events.kind == NOTE_ON)
    key = _keys(events, rows) | events.track[rows].astype(np.int64) << 32
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    following = np.full(len(events), -1)
    following[rows[:-1]] = np.where(key[1:] == key[:-1], rows[1:], -1)
    end = np.full(len(events), -1)
    end[begun] = ended
    time_s = events.time_s
    for row in np.sort(held)[::-1].tolist():
        again = following[row]
        # A key that two voices strike at one time is let go once.
        end[row] = end[again] if again >= 0 and time_s[again] == time_s[row] else again
    found = held[end[held] >= 0]
    return found, end[found]


def _keys(events: Events, rows: np.ndarray) -> np.ndarray:
    """Return a number for the channel and pitch of each row."""
    return events.port_channel[rows].astype(np.int64) << 8 | events.data1[rows].astype(np.int64)
