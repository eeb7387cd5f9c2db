"""Which pieces of a source are learned from, before any is copied or heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import PieceError
from earmark.foundation.words import printable
from earmark.music.catalog import KNOWN, LEAST_WORKS, check_works, too_few
from earmark.music.recordings.formats import format_of, format_of_name
from earmark.music.sources.labels import Merge, work_of
from earmark.music.sources.origin import Origin


@dataclass(frozen=True)
class Selection:
    """What the settings say about the pieces of a source.

    Attributes:
        merge: Labels under one.
        group_pattern: A regular expression that finds the work in a path; "" for none.
        min_confidence: Confidence in its label that a piece must lie above; 0 for any.
        min_works: Works that a label needs, or its pieces are left out; 0 for none left out.
    """

    merge: Merge
    group_pattern: str = ""
    min_confidence: float = 0.0
    min_works: int = 0

    def label(self, origin: Origin) -> str:
        """The label that a piece is learned by."""
        return self.merge(origin.label)

    def work(self, origin: Origin) -> str:
        """The work of a piece."""
        return work_of(origin, self.group_pattern)

    def reasons(self, origins: Sequence[Origin]) -> list[str]:
        """Say why pieces are left out.

        Args:
            origins: The pieces.

        Returns:
            A reason for each; "" for those that are learned from.

        Raises:
            EarmarkError: The pattern is no regular expression.
        """
        reasons = [self._reason(origin) for origin in origins]
        few = too_few(self._works(origins, reasons), self.min_works)
        return [
            f"its label has too few works: {few[label]}, and data.min_works={self.min_works}"
            if not reason and origin.role == KNOWN and (label := self.label(origin)) in few
            else reason
            for origin, reason in zip(origins, reasons, strict=True)
        ]

    def check(self, origins: Sequence[Origin], reasons: Sequence[str]) -> None:
        """Check that what is left can be learned.

        Args:
            origins: The pieces.
            reasons: Why each is left out; "" where it is not.

        Raises:
            EarmarkError: There are too few labels, or one has too few works. Not where `min_works` allows it.
        """
        if not 0 < self.min_works < LEAST_WORKS:
            check_works(self._works(origins, reasons))

    def _works(self, origins: Sequence[Origin], reasons: Sequence[str]) -> list[tuple[str, str]]:
        """Label and work of each known piece that is not left out."""
        return [
            (self.label(origin), self.work(origin))
            for origin, reason in zip(origins, reasons, strict=True)
            if not reason and origin.role == KNOWN
        ]

    def _reason(self, origin: Origin) -> str:
        if origin.fault:
            return origin.fault
        if origin.file is not None and (reason := _no_music(origin.file, origin.name)):
            return reason
        if self.min_confidence <= 0:
            return ""
        if not 0 <= origin.confidence <= 1:
            return "its label's confidence is not a number from 0 to 1"
        if origin.confidence <= self.min_confidence:
            least = f"data.min_confidence={self.min_confidence:g}"
            return f"its label's confidence is {origin.confidence:g}, not above {least}"
        return ""


def _no_music(file: Path, name: str) -> str:
    """Why a file is no music, by its content or its name; "" where it is."""
    try:
        form = format_of(file) if file.is_file() else format_of_name(name)
    except PieceError as error:
        return str(error)
    suffix = printable(Path(name).suffix)
    return "" if form else f"not a kind of music file that is known: {suffix or 'no suffix'}"
