"""Statistics of the notes that are heard in a clip, as its embedding: nothing is learned."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from earmark.features.ear.decode import decode
from earmark.features.ear.spectrum import FRAME_RATE_HZ, PITCHES
from earmark.features.notes import FAMILIES
from earmark.models.notes.instrumentation import INSTRUMENTATION, instrumentation
from earmark.models.notes.statistics import dimensions, note_statistics

MOST_KNOWN = 20_000  # clips whose statistics are kept, 70 MB


class NoteStatistics:
    """Harmony, melody, rhythm and texture of a clip of `features=notes`; see `models.notes`.

    Where the front end gives rows for families of instruments, statistics of these follow.
    A decision that weighs dimensions has to follow: `decision=discriminant`.

    Args:
        channels: Channels of the input: 2, onsets and sounding notes.
        bands: Bands of the input: 88 pitches, and the families of instruments if the front end has them.
        frames: Frames of the input; the statistics do not depend on it.
        pooled_frames: As the front end has it: frames of the ear in one of the input.
        onset_threshold: Probability from which a peak is an onset.
        metre: Whether statistics of metre follow the others.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: The input is not `features=notes`.
    """

    gives = "embeddings"
    clip_by_clip = True

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        pooled_frames: int,
        onset_threshold: float,
        metre: bool = False,
    ) -> None:
        if channels != 2 or bands not in (PITCHES, PITCHES + FAMILIES) or pooled_frames < 1:
            raise ValueError(
                f"note statistics need onsets and sounding notes of {PITCHES} pitches, not {channels} "
                f"channels of {bands} bands: features=notes"
            )
        self.frame_rate_hz = FRAME_RATE_HZ / pooled_frames
        self.metre = metre
        self.dimensions = dimensions(metre) + INSTRUMENTATION * (bands > PITCHES)
        self._known: dict[bytes, np.ndarray] = {}
        self.onset_threshold = float(onset_threshold)

    def summarise(self, clips: np.ndarray) -> np.ndarray:
        """Statistics (n, dimensions) of clips (n, 2, bands, frames), float32."""
        rows = [self._statistics(clip) for clip in clips]
        return np.stack(rows) if rows else np.zeros((0, self.dimensions), np.float32)

    def _statistics(self, clip: np.ndarray) -> np.ndarray:
        """Statistics of one clip; in training the same clips come three times."""
        digest = hashlib.blake2b(clip.tobytes(), digest_size=16).digest()
        if digest not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            pitches, families = clip[:, :PITCHES], clip[:, PITCHES:]
            notes = decode(pitches[0], pitches[1], self.frame_rate_hz, self.onset_threshold)
            parts = [note_statistics(notes.onset_s, notes.end_s, notes.pitch, self.metre)]
            if families.size:
                parts.append(instrumentation(families[1]))
            self._known[digest] = np.concatenate(parts)
        return self._known[digest]

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Learn nothing."""

    def scores(self, summaries: np.ndarray) -> np.ndarray:
        """Return the summaries (n, dimensions) as they are: they are the embeddings."""
        return summaries

    def forward(self, clips: np.ndarray) -> np.ndarray:
        """Embeddings (batch, dimensions) of clips (batch, 2, bands, frames)."""
        return self.summarise(clips)

    def arrays(self) -> dict[str, np.ndarray]:
        """The threshold, by its name."""
        return {"onset_threshold": np.array(self.onset_threshold, np.float32)}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take the threshold from `arrays`."""
        self.onset_threshold = float(arrays["onset_threshold"])
