"""Small synthetic pieces, as many as wanted: melodies of a few seconds by made-up composers."""

from __future__ import annotations

import random
from pathlib import Path

TICKS = 480  # a quarter note, half a second at the default tempo
LABELS = ("Ash", "Birch", "Cedar", "Elm")
PIECES_A_WORK = 2


def write_midi(path: Path, notes: list[tuple[int, int, int]]) -> None:
    """Write a Standard MIDI File of one track from notes (pitch, start, end), ticks."""
    events = [(start, 1, pitch) for pitch, start, _ in notes] + [(end, 0, pitch) for pitch, _, end in notes]
    track, now = bytearray(), 0
    for tick, on, pitch in sorted(events):
        track += _variable_length(tick - now) + bytes((0x90 if on else 0x80, pitch, 80 if on else 0))
        now = tick
    track += b"\x00\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x00\x00\x01" + TICKS.to_bytes(2, "big")
    path.write_bytes(header + b"MTrk" + len(track).to_bytes(4, "big") + bytes(track))


def _variable_length(value: int) -> bytes:
    """A number as Standard MIDI Files write it: 7 bits a byte, the highest first."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.insert(0, 0x80 | value & 0x7F)
    return bytes(digits)


def melody(index: int, seconds: float) -> list[tuple[int, int, int]]:
    """Eight notes a second on the scale of the piece's label; no two pieces are equal."""
    draw = random.Random(index)
    step, lowest = 1 + index % len(LABELS), 48 + 3 * (index % len(LABELS))
    eighth = TICKS // 4
    return [
        (lowest + step * draw.randrange(8), number * eighth, (number + 1) * eighth - 10)
        for number in range(round(8 * seconds))
    ]


def write_piece(folder: Path, index: int, seconds: float = 3.0) -> Path:
    """Write piece `index` into folder/<label>/<work>/."""
    label = LABELS[index % len(LABELS)]
    work = index // len(LABELS) // PIECES_A_WORK
    path = folder / label / f"work {work:06d}" / f"{index:07d}.mid"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_midi(path, melody(index, seconds))
    return path


def write_corpus(folder: Path, count: int, first: int = 0) -> None:
    """Write pieces `first` to `count`."""
    for index in range(first, count):
        write_piece(folder, index)
