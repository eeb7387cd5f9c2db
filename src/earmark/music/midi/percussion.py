"""Which channels play drums, and from when on: channel 10, and wherever GS, XG or General MIDI 2 put them.

References:
    MIDI Manufacturers Association, "General MIDI 2", RP-024, 1999: banks 120 and 121.
    Yamaha, "XG Specifications", 1994 and later: banks 126 and 127, part mode.
    Roland, "SC-55 Owner's Manual", 1991: "use for rhythm part".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

DRUM_CHANNEL = 9  # channel 10 in musicians' counting, General MIDI percussion
_NOTE_ON, _CONTROL, _PROGRAM = 0x90, 0xB0, 0xC0
_GM2_DRUMS, _GM2_MELODY, _XG_EFFECTS, _XG_DRUMS = 120, 121, 126, 127  # banks
_TELLING_BANKS = (_GM2_DRUMS, _GM2_MELODY, _XG_EFFECTS, _XG_DRUMS)
_MODES = {1: "gm", 2: "", 3: "gm2"}  # of the universal message; 2 switches General MIDI off

Exclusive = tuple[int, int, bytes]
"""The row before which it comes, its port, and its bytes without F0 and F7."""


def drum_rows(
    port_channel: np.ndarray,
    kind: np.ndarray,
    data1: np.ndarray,
    data2: np.ndarray,
    exclusives: Sequence[Exclusive],
) -> np.ndarray:
    """Return which events are on a channel that plays drums, (n,) bool.

    Args:
        port_channel: (n,), `16 * port + channel`.
        kind: (n,), status byte without channel.
        data1: (n,), first data byte.
        data2: (n,), second data byte.
        exclusives: Messages to instruments, in their order.
    """
    is_drum = port_channel % 16 == DRUM_CHANNEL
    is_bank = (kind == _CONTROL) & (data1 == 0)
    messages = [message for message in exclusives if message[2][:1] in (b"\x41", b"\x43", b"\x7e")]
    if not messages and not (is_bank & np.isin(data2, _TELLING_BANKS)).any():
        return is_drum
    kit = _Kits(one_too_high=_one_too_high(port_channel, kind))
    waiting = iter([*messages, (len(kind), 0, b"")])
    row_of_message, port, content = next(waiting)
    for row in [*np.flatnonzero(is_bank | (kind == _PROGRAM)).tolist(), len(kind)]:
        while row_of_message <= row and content:
            kit.receive(row_of_message, port, content)
            row_of_message, port, content = next(waiting)
        if row == len(kind):
            break
        channel = int(port_channel[row])
        if is_bank[row]:
            kit.bank[channel] = int(data2[row])
        elif channel in kit.bank:
            kit.choose(row, channel)
    for channel, changes in kit.changes.items():
        rows = np.flatnonzero(port_channel == channel)
        starts, values = np.array([change[0] for change in changes]), np.array([c[1] for c in changes])
        last = np.searchsorted(starts, rows, side="right") - 1
        is_drum[rows[last >= 0]] = values[last[last >= 0]]
    return is_drum


def _one_too_high(port_channel: np.ndarray, kind: np.ndarray) -> frozenset[int]:
    """Return the channels 12 to 16 that nothing plays on, while the one below plays and has no program.

    Roland numbers part 11 as A, 12 as B and so on: who takes B for 11 addresses the channel above.
    """
    played = set(np.unique(port_channel[kind == _NOTE_ON]).tolist())
    unnamed = played - set(np.unique(port_channel[kind == _PROGRAM]).tolist())
    return frozenset(
        below + 1 for below in unnamed if below % 16 in range(10, 15) and below + 1 not in played
    )


@dataclass
class _Kits:
    """What an instrument knows of its channels while a piece goes on.

    Attributes:
        one_too_high: Channels that Roland's parts 12 to 16 stand for where the channel below is meant.
        mode: `gm`, `gm2`, `gs`, `xg`; "" where the piece does not say.
        bank: The last bank chosen on each channel, most significant byte.
        by_bank: Channels that play drums, or do not, because of their bank.
        channel_of_part: Where a part does not listen to the channel of its number.
        changes: (row, whether it plays drums from there on) of each channel.
    """

    one_too_high: frozenset[int]
    mode: str = ""
    bank: dict[int, int] = field(default_factory=dict)
    by_bank: set[int] = field(default_factory=set)
    channel_of_part: dict[int, int] = field(default_factory=dict)
    changes: dict[int, list[tuple[int, bool]]] = field(default_factory=dict)

    def choose(self, row: int, channel: int) -> None:
        """A program is chosen from the bank of a channel."""
        bank = self.bank[channel]
        if self.mode == "gs":  # its banks are variations of one instrument, and those of older modules
            return
        if bank in (_GM2_DRUMS, _XG_EFFECTS, _XG_DRUMS):
            self._play(row, channel, is_drum=True)
        elif bank == _GM2_MELODY or self.mode == "xg":
            self._play(row, channel, is_drum=False)
        elif channel in self.by_bank:
            self._play(row, channel, is_drum=channel % 16 == DRUM_CHANNEL)
        else:
            return
        self.by_bank.add(channel)

    def receive(self, row: int, port: int, message: bytes) -> None:
        """A message to instruments arrives."""
        if message[:1] == b"\x7e":
            if message[2:3] == b"\x09" and message[3:4] and message[3] in _MODES:
                self._reset(row, _MODES[message[3]])
        elif message[0] == 0x41 and message[2:4] == b"\x42\x12" and len(message) > 7:
            self._receive_gs(row, port, message[4:7], message[7:-1] or message[7:])
        elif message[0] == 0x43 and message[1:2] and message[1] & 0xF0 == 0x10 and message[2:3] == b"\x4c":
            self._receive_xg(row, port, message[3:6], message[6:])

    def _receive_gs(self, row: int, port: int, address: bytes, values: bytes) -> None:
        if address in (b"\x40\x00\x7f", b"\x00\x00\x7f"):
            self._reset(row, "gs")
        elif address[0] in (0x40, 0x50) and address[1] & 0xF0 == 0x10:
            block = address[1] & 0x0F  # part 10 comes first, the others in their order
            number = DRUM_CHANNEL if block == 0 else block - 1 if block <= DRUM_CHANNEL else block
            part = 16 * (port ^ (address[0] == 0x50)) + number
            part -= part in self.one_too_high
            for offset, value in enumerate(values, address[2]):
                if offset == 0x02:
                    self._listen(part, value)
                elif offset == 0x15:
                    self._assign(row, part, is_drum=value != 0)

    def _receive_xg(self, row: int, port: int, address: bytes, values: bytes) -> None:
        if address in (b"\x00\x00\x7e", b"\x00\x00\x7f"):
            self._reset(row, "xg")
        elif len(address) == 3 and address[0] == 0x08:
            part = address[1] if address[1] >= 16 else 16 * port + address[1]
            for offset, value in enumerate(values, address[2]):
                if offset == 0x04:
                    self._listen(part, value)
                elif offset == 0x01 and value in (_XG_EFFECTS, _XG_DRUMS):
                    self._assign(row, part, is_drum=True)
                elif offset == 0x07:
                    self._assign(row, part, is_drum=value != 0)

    def _listen(self, part: int, channel: int) -> None:
        if channel < 16:
            self.channel_of_part[part] = part // 16 * 16 + channel

    def _assign(self, row: int, part: int, *, is_drum: bool) -> None:
        """A part is told to play drums, or not to: that outlasts programs, until another bank is chosen."""
        channel = self.channel_of_part.get(part, part)
        self.bank.pop(channel, None)
        self.by_bank.discard(channel)
        self._play(row, channel, is_drum=is_drum)

    def _reset(self, row: int, mode: str) -> None:
        for channel in self.changes:
            self._play(row, channel, is_drum=channel % 16 == DRUM_CHANNEL)
        self.mode = mode
        self.bank.clear()
        self.by_bank.clear()
        self.channel_of_part.clear()

    def _play(self, row: int, channel: int, *, is_drum: bool) -> None:
        self.changes.setdefault(channel, []).append((row, is_drum))
