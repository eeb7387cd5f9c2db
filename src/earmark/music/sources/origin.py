"""What every source hands to ingest: pieces as they were found, before a byte was copied."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import EarmarkError

MIDI_SUFFIXES = frozenset({".mid", ".midi", ".kar", ".rmi"})
# What libsndfile does not read: FFmpeg does, where it is installed.
FOREIGN_SUFFIXES = frozenset({".m4a", ".mp4", ".aac", ".wma", ".webm"})
AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus"})


@dataclass(frozen=True)
class Origin:
    """A piece where its owner keeps it.

    name: its path as the source states it: unique within the source, and what people are shown.
    file: where it lies; None for a piece of a package that `name` alone identifies.
    confidence: the least of those that its owner states for the label, 0 to 1.
    """

    name: str
    label: str
    group: str = ""
    role: str = "known"
    split: str = ""
    title: str = ""
    file: Path | None = None
    confidence: float = 1.0

    def __post_init__(self) -> None:
        if self.role == "known" and self.label == "unknown":
            raise EarmarkError(
                f"{self.name}: a known label cannot be called unknown, which is the verdict on strangers: "
                "rename it, or list such pieces in a CSV with the role unknown-test"
            )


def media_of(name: str) -> str | None:
    """`midi`, `audio`, or None for a file that is neither."""
    suffix = Path(name).suffix.lower()
    if suffix in MIDI_SUFFIXES:
        return "midi"
    return "audio" if suffix in AUDIO_SUFFIXES else None
