"""Play events by FluidSynth and return exactly the samples wanted.

FluidSynth's own file player never ends on some valid files and turns others into silence with exit
status 0, so events are sent one by one. Each piece has a new synthesizer on one core: a used one keeps
state in its effects, and the same piece would sound different the second time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

from earmark.foundation.deadline import check_deadline
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.foundation.quiet_import import quiet_import
from earmark.music.midi.arrange import PIANO
from earmark.music.midi.notes import notes_of
from earmark.music.midi.pairs import note_pairs
from earmark.music.midi.percussion import DRUM_CHANNEL
from earmark.music.midi.smf import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL,
    NOTE_OFF,
    NOTE_ON,
    PITCH_BEND,
    POLY_PRESSURE,
    PRESSURE,
    PROGRAM,
    Events,
)

PERIOD = 64  # samples; FluidSynth computes in blocks of this size and events take effect between them
BLOCK = 1 << 16  # samples handed on at a time; a multiple of PERIOD; keeps memory flat
MOST_PORTS = 16  # FluidSynth has up to 256 channels, 16 a port; pieces of more ports share them
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 96_000  # below, FluidSynth silently plays at 44,100 Hz
MELODIC_TYPE, DRUM_TYPE = 0, 1  # CHANNEL_TYPE_MELODIC and CHANNEL_TYPE_DRUM in fluidsynth/synth.h
LONGEST_S = 86_400.0  # longer than any piece that is played in a day
INSTALL = "sudo apt-get install libfluidsynth3"


@cache
def fluidsynth() -> ModuleType:
    """Import pyfluidsynth.

    Raises:
        EarmarkError: The system library is missing, or another package hides pyfluidsynth.
    """
    try:
        module = quiet_import("fluidsynth")
    except (ImportError, OSError) as error:
        raise EarmarkError(f"the FluidSynth library was not found: install it with {INSTALL}") from error
    if not hasattr(module, "Synth"):
        raise EarmarkError(
            "the Python package 'fluidsynth' hides 'pyfluidsynth': pip uninstall fluidsynth, "
            "then pip install --force-reinstall pyfluidsynth"
        )
    # Errors are raised here; FluidSynth's own messages would garble the progress bar.
    for level in range(5):
        _function(module, "fluid_set_log_function", ctypes.c_void_p, 3)(level, None, None)
    return module


def _function(module: ModuleType, name: str, result: type | None, arguments: int) -> Callable[..., object]:
    """Return a function of the C library whose arguments are an int and pointers."""
    function = getattr(module._fl, name)
    function.restype = result
    function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p][:arguments]
    return function


@cache
def fluidsynth_version() -> str:
    """Return the library's version, for example `2.3.1`: a part of the key of everything it plays."""
    major, minor, micro = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    function = fluidsynth()._fl.fluid_version
    function.restype = None
    function.argtypes = [ctypes.POINTER(ctypes.c_int)] * 3
    function(ctypes.byref(major), ctypes.byref(minor), ctypes.byref(micro))
    return f"{major.value}.{minor.value}.{micro.value}"


@dataclass(frozen=True)
class Synthesis:
    """How FluidSynth plays.

    Attributes:
        soundfont: File of the soundfont.
        rate_hz: Sampling rate of the synthesis, Hz.
        gain: FluidSynth's gain, 0 to 10.
        reverb: Whether FluidSynth's reverb plays.
        chorus: Whether FluidSynth's chorus plays.
        tail_s: Seconds recorded after the last note, for release and reverb.
        max_s: Seconds after which a piece is cut off, tail included; 0 for no limit.
    """

    soundfont: Path
    rate_hz: int = 44_100
    gain: float = 0.2
    reverb: bool = False
    chorus: bool = False
    tail_s: float = 1.0
    max_s: float = 180.0

    def total_samples(self, events: Events) -> int:
        """Return the length of the recording in samples at `rate_hz`: to the last note's end, and the tail.

        Raises:
            PieceError: It is longer than LONGEST_S, which one damaged byte of a file can cause.
        """
        length_s = notes_of(events).end_s + self.tail_s
        if self.max_s:
            length_s = min(length_s, self.max_s)
        if length_s > LONGEST_S:
            raise PieceError(f"would last {length_s / 3600:.0f} hours: its times are damaged")
        return round(length_s * self.rate_hz)


def synthesize(events: Events, synthesis: Synthesis) -> Iterator[np.ndarray]:
    """Play events.

    Args:
        events: What to play.
        synthesis: How.

    Yields:
        Blocks of float32 (samples, 2), full scale ±1; exactly `synthesis.total_samples(events)` in all.

    Raises:
        EarmarkError: The library or the soundfont cannot be used, or FluidSynth has no such rate.
        PieceError: The piece would last too long, or FluidSynth fails on it.
    """
    if not LOWEST_RATE_HZ <= synthesis.rate_hz <= HIGHEST_RATE_HZ:
        raise EarmarkError(
            f"FluidSynth plays at {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz, not at {synthesis.rate_hz}: "
            "set render.synth_rate"
        )
    total = synthesis.total_samples(events)
    # Events after the end are given a period after the last one, and are never sent.
    sample = np.minimum(events.time_s * synthesis.rate_hz, total + PERIOD).astype(np.int64)
    period = (sample // PERIOD).tolist()
    channels = _channels(events.port_channel).tolist()
    kinds, first, second = events.kind.tolist(), events.data1.tolist(), events.data2.tolist()
    is_drum, ending = events.is_drum.tolist(), _ending(events)
    with _Player(synthesis, highest_channel=max(channels, default=0)) as player:
        done, index, count = 0, 0, len(kinds)
        while done < total:
            check_deadline()
            size = min(BLOCK, total - done)
            block = np.empty((size + (-size) % PERIOD, 2), dtype=np.float32)
            first_period, last_period = done // PERIOD, (done + len(block)) // PERIOD
            written = first_period
            while index < count and period[index] < last_period:
                if period[index] > written:
                    player.write(block, written - first_period, period[index] - written)
                    written = period[index]
                channel, kind = channels[index], kinds[index]
                player.play(channel, is_drum=is_drum[index])
                if kind in (NOTE_ON, NOTE_OFF):
                    player.key(channel, kind, first[index], second[index], index, ending.get(index, ()))
                else:
                    player.send(channel, kind, first[index], second[index])
                index += 1
            player.write(block, written - first_period, last_period - written)
            done += size
            yield block[:size]


def _ending(events: Events) -> dict[int, list[int]]:
    """The rows of the notes that a row of the events ends, by row."""
    ending: dict[int, list[int]] = {}
    for begun, ended in zip(*(rows.tolist() for rows in note_pairs(events)), strict=True):
        ending.setdefault(ended, []).append(begun)
    return ending


def _channels(port_channel: np.ndarray) -> np.ndarray:
    """Number FluidSynth's channels so that the ports in use follow each other."""
    _, port = np.unique(port_channel // 16, return_inverse=True)
    return 16 * (port % MOST_PORTS) + port_channel % 16


class _Player:
    """One FluidSynth synthesizer, deleted on exit."""

    def __init__(self, synthesis: Synthesis, highest_channel: int) -> None:
        library = fluidsynth()
        self._library = library
        self._holders: dict[tuple[int, int], set[int]] = {}
        self._programs: dict[int, int] = {}
        self._drums = {channel for channel in range(16 * MOST_PORTS) if channel % 16 == DRUM_CHANNEL}
        self._synth = library.Synth(
            gain=float(synthesis.gain),
            samplerate=synthesis.rate_hz,
            channels=16 * (highest_channel // 16 + 1),  # FluidSynth wants a multiple of 16
            **{
                "synth.cpu-cores": 1,
                "synth.dynamic-sample-loading": 1,  # loads a soundfont six times faster
                "synth.reverb.active": int(synthesis.reverb),
                "synth.chorus.active": int(synthesis.chorus),
            },
        )
        self._write_float = library._fl.fluid_synth_write_float
        self._write_float.restype = ctypes.c_int
        self._write_float.argtypes = [
            *(ctypes.c_void_p, ctypes.c_int),
            *(ctypes.c_void_p, ctypes.c_int, ctypes.c_int) * 2,
        ]
        self._font = font = self._synth.sfload(str(synthesis.soundfont), 1)
        if font < 0:
            self._synth.delete()
            raise EarmarkError(
                f"FluidSynth cannot load the soundfont {synthesis.soundfont}: set render.soundfont"
            )
        for channel in range(16 * (highest_channel // 16 + 1)):
            if channel % 16 != DRUM_CHANNEL:
                self._synth.program_select(channel, font, 0, PIANO)
            elif channel != DRUM_CHANNEL:  # that of the first port plays drums by default
                _call(library, "fluid_synth_set_channel_type", self._synth.synth, channel, DRUM_TYPE)
                self._synth.program_change(channel, 0)

    def __enter__(self) -> _Player:
        return self

    def __exit__(self, *_: object) -> None:
        self._synth.delete()

    def play(self, channel: int, *, is_drum: bool) -> None:
        """Let a channel play drums or a melody from now on."""
        if (channel in self._drums) == is_drum:
            return
        self._drums ^= {channel}
        kind, program = DRUM_TYPE if is_drum else MELODIC_TYPE, self._programs.get(channel, PIANO)
        _call(self._library, "fluid_synth_set_channel_type", self._synth.synth, channel, kind)
        if is_drum:
            self._synth.program_change(channel, program)
        else:
            self._synth.program_select(channel, self._font, 0, program)

    def key(
        self, channel: int, kind: int, pitch: int, velocity: int, row: int, ending: Sequence[int]
    ) -> None:
        """Strike a key, or let it go, effective from the next period on.

        Args:
            channel: FluidSynth's.
            kind: NOTE_ON or NOTE_OFF.
            pitch: MIDI number.
            velocity: 1 to 127.
            row: Of the event.
            ending: The rows of the notes that it ends.
        """
        synth, library = self._synth.synth, self._library
        # Several notes may hold a key: voices in unison, or a key struck again before it is let go. It is
        # released with the last of them, or one would cut the others.
        holders = self._holders.setdefault((channel, pitch), set())
        holders.difference_update(ending)
        if kind == NOTE_ON:
            holders.add(row)
            library.fluid_synth_noteon(synth, channel, pitch, velocity)
            holders.difference_update(ending)  # a note of no length ends itself
        if ending and not holders:
            library.fluid_synth_noteoff(synth, channel, pitch)

    def send(self, channel: int, kind: int, first: int, second: int) -> None:
        """Send an event that is no note, effective from the next period on."""
        synth, library = self._synth.synth, self._library
        if kind == CONTROL:
            if first == ALL_SOUND_OFF or first >= ALL_NOTES_OFF:
                self._holders = {held: by for held, by in self._holders.items() if held[0] != channel}
            library.fluid_synth_cc(synth, channel, first, second)
        elif kind == PROGRAM:
            self._programs[channel] = first
            library.fluid_synth_program_change(synth, channel, first)
        elif kind == PITCH_BEND:
            library.fluid_synth_pitch_bend(synth, channel, (second << 7) | first)
        elif kind == PRESSURE:
            _call(library, "fluid_synth_channel_pressure", synth, channel, first)
        elif kind == POLY_PRESSURE:
            _call(library, "fluid_synth_key_pressure", synth, channel, first, second)

    def write(self, block: np.ndarray, start_period: int, periods: int) -> None:
        """Play `periods` periods into `block` from its period `start_period` on."""
        if periods <= 0:
            return
        left = block.ctypes.data + start_period * PERIOD * 8  # 2 channels of 4 bytes
        status = self._write_float(self._synth.synth, periods * PERIOD, left, 0, 2, left, 1, 2)
        if status != 0:
            raise PieceError("FluidSynth could not play this piece")


def _call(library: ModuleType, name: str, synth: int, *values: int) -> None:
    """Call a function of the C library that takes the synthesizer and ints."""
    function = getattr(library._fl, name)
    function.argtypes = [ctypes.c_void_p, *[ctypes.c_int] * len(values)]
    function(synth, *values)
