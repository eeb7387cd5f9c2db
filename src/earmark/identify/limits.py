"""What a server takes from its clients: one set of limits for `serve`, the demo and MLflow's server."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import Any

from earmark.foundation.deadline import Deadline
from earmark.foundation.errors import EarmarkError

PREFIX = "EARMARK_"  # of the variables, for example EARMARK_MAX_BYTES
MEBIBYTE = 1 << 20
MIDI_EVENT = 8  # bytes of a usual event, texts and messages to instruments shared out among all


class OverLimitError(EarmarkError):
    """A request is larger or longer than the server takes: status 413."""


class BusyError(EarmarkError):
    """More requests wait than the server lets wait: status 429."""


@dataclass(frozen=True)
class Limits:
    """Limits of a server; 0 means no limit, but for `concurrency` and `queue`.

    Attributes:
        max_bytes: Of a request's music; 64 MiB are an hour of MP3 or six minutes of WAV.
        max_sound_s: Seconds of sound of a file; those of a MIDI file are counted at its own tempo. A model
            that listens to the beginning only takes longer files, too.
        max_midi_events: Events of a MIDI file.
        max_rows: Files of a request, where it may have several.
        concurrency: Requests that are worked on at a time; 0 for one a core.
        queue: Requests that wait besides those; what comes on top is refused.
        deadline_s: Seconds from a request's arrival to its answer, the time of waiting included. MLflow's
            server gives up after 60, but cannot stop the work.
    """

    max_bytes: int = 64 * MEBIBYTE
    max_sound_s: float = 1_200.0
    max_midi_events: int = 200_000
    max_rows: int = 64
    concurrency: int = 0
    queue: int = 64
    deadline_s: float = 50.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < float("inf"):
                raise EarmarkError(f"{name}: {value:g} is no limit, which is 0 or more")

    @classmethod
    def from_environment(cls, **stated: Any) -> Limits:
        """Read the limits that variables set, such as EARMARK_MAX_BYTES.

        Args:
            **stated: Limits that come before variables; None leaves one to them.

        Raises:
            EarmarkError: A variable or a stated limit is not a number, or less than 0.
            TypeError: A stated limit is none of these.
        """
        if unknown := stated.keys() - {limit.name for limit in fields(cls)}:
            raise TypeError(f"there is no limit {', '.join(sorted(unknown))}")
        values: dict[str, Any] = {}
        for limit in fields(cls):
            name = f"{PREFIX}{limit.name.upper()}"
            value = stated.get(limit.name)
            if value is None and (text := os.environ.get(name)):
                try:
                    value = type(limit.default)(text)
                except ValueError as error:
                    raise EarmarkError(f"{name}={text} is not a number") from error
            if value is not None:
                values[limit.name] = value
        return cls(**values)

    @property
    def at_a_time(self) -> int:
        """Requests that are worked on at a time."""
        from joblib import cpu_count

        return self.concurrency or cpu_count()

    def deadline(self) -> Deadline:
        """The deadline of a request that arrives now."""
        return Deadline(self.deadline_s)

    def check_bytes(self, count: int) -> None:
        """Refuse music of too many bytes.

        Raises:
            OverLimitError: It has more than `max_bytes`.
        """
        if self.max_bytes and count > self.max_bytes:
            raise OverLimitError(f"the music has more than the {self.max_bytes:,} bytes that are taken here")

    def check_rows(self, count: int) -> None:
        """Refuse a request of too many files.

        Raises:
            OverLimitError: It has more than `max_rows`.
        """
        if self.max_rows and count > self.max_rows:
            raise OverLimitError(f"{count} rows are more than the {self.max_rows} that are taken at once")

    def check_sound(self, duration_s: float) -> None:
        """Refuse sound that lasts too long.

        Raises:
            OverLimitError: It lasts more than `max_sound_s`.
        """
        if self.max_sound_s and duration_s > self.max_sound_s:
            raise OverLimitError(
                f"lasts {duration_s:.0f} s, more than the {self.max_sound_s:g} s of sound that are taken here"
            )

    def check_midi_bytes(self, count: int) -> None:
        """Refuse a MIDI file that cannot even be read without holding too many events in memory.

        Raises:
            OverLimitError: It has more bytes than `max_midi_events` usually take.
        """
        if self.max_midi_events and count > MIDI_EVENT * self.max_midi_events:
            raise OverLimitError(
                f"a MIDI file of {count:,} bytes is larger than {self.max_midi_events:,} events are"
            )

    def check_midi_events(self, count: int) -> None:
        """Refuse MIDI of too many events.

        Raises:
            OverLimitError: It has more than `max_midi_events`.
        """
        if self.max_midi_events and count > self.max_midi_events:
            raise OverLimitError(
                f"has more than the {self.max_midi_events:,} MIDI events that are taken here"
            )
