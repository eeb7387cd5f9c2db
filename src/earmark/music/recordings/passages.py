"""A long sound in passages, so that memory does not grow with its length."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark.foundation.errors import PieceError
from earmark.music.recordings.audio import read_span, span_of

PASSAGE_S = 300.0  # 26 MB of one channel at 22,050 Hz, and ten times as much for what is made of it


@dataclass(frozen=True)
class Passage:
    """A part of a sound.

    Attributes:
        waveform: (channels, samples), float32.
        first_s: Where the waveform begins, seconds from the beginning of the sound.
        begin_s: Where the passage itself begins: there may be music before it for context.
        end_s: Where it ends, and the next one begins.
        is_last: Whether none follows.
    """

    waveform: np.ndarray
    first_s: float
    begin_s: float
    end_s: float
    is_last: bool


@dataclass(frozen=True)
class Passages:
    """The passages of a file in any format that libsndfile reads; it may be gone through several times.

    Attributes:
        file: The file.
        rate_hz: Its sampling rate, Hz.
        samples: Its length.
        context_s: Seconds of music before and after a passage that its waveform holds.
    """

    file: Path
    rate_hz: int
    samples: int
    context_s: float = 0.0

    @classmethod
    def of(cls, file: str | os.PathLike[str], context_s: float = 0.0) -> Passages:
        """Open a file.

        Raises:
            PieceError: It cannot be read, or has no samples.
        """
        rate_hz, samples = span_of(Path(file))
        return cls(Path(file), rate_hz, samples, context_s)

    @property
    def duration_s(self) -> float:
        """Seconds of the whole."""
        return self.samples / self.rate_hz

    def __iter__(self) -> Iterator[Passage]:
        """The passages in order; a rest shorter than half a passage belongs to the last one.

        Raises:
            PieceError: A part cannot be read, or holds values that are no numbers.
        """
        length, context = round(PASSAGE_S * self.rate_hz), round(self.context_s * self.rate_hz)
        count = max(round(self.samples / length), 1)
        for number in range(count):
            begin = number * length
            end = self.samples if number == count - 1 else begin + length
            first = max(begin - context, 0)
            waveform = read_span(self.file, first, min(end + context, self.samples))
            if not np.isfinite(waveform).all():
                raise PieceError("the sound has values that are not numbers (NaN or infinity)")
            places = (place / self.rate_hz for place in (first, begin, end))
            yield Passage(waveform, *places, is_last=number == count - 1)
