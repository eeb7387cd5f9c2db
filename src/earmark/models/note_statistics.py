"""Statistics of the notes that are heard in a clip, as its embedding: nothing is learned."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import nn

from earmark.features.ear.decode import decode
from earmark.features.ear.spectrum import FRAME_RATE_HZ, PITCHES
from earmark.models.notes.statistics import dimensions, note_statistics

MOST_KNOWN = 20_000  # clips whose statistics are kept, 70 MB


class NoteStatistics(nn.Module):
    """Harmony, melody, rhythm and texture of a clip of `features=notes`; see `models.notes`.

    A decision that weighs dimensions has to follow: `decision=discriminant`.

    Args:
        channels: Channels of the input: 2, onsets and sounding notes.
        bands: Bands of the input: 88 pitches.
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

    onset_threshold: torch.Tensor

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        pooled_frames: int,
        onset_threshold: float,
        metre: bool = False,
    ) -> None:
        super().__init__()
        if (channels, bands) != (2, PITCHES) or pooled_frames < 1:
            raise ValueError(
                f"note statistics need onsets and sounding notes of {PITCHES} pitches, not {channels} "
                f"channels of {bands} bands: features=notes"
            )
        self.frame_rate_hz = FRAME_RATE_HZ / pooled_frames
        self.metre = metre
        self._known: dict[bytes, np.ndarray] = {}
        self.register_buffer("onset_threshold", torch.tensor(float(onset_threshold)))

    def summarise(self, clips: torch.Tensor) -> torch.Tensor:
        """Statistics (n, dimensions) of clips (n, 2, 88, frames)."""
        if clips.is_meta:  # a model that is checked before there is any clip
            return torch.empty(len(clips), dimensions(self.metre), device="meta")
        rows = [self._statistics(clip) for clip in clips.cpu().numpy()]
        return torch.from_numpy(np.stack(rows)) if rows else torch.zeros(0, dimensions(self.metre))

    def _statistics(self, clip: np.ndarray) -> np.ndarray:
        """Statistics of one clip; in training the same clips come three times."""
        digest = hashlib.blake2b(clip.tobytes(), digest_size=16).digest()
        if digest not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            notes = decode(clip[0], clip[1], self.frame_rate_hz, float(self.onset_threshold))
            self._known[digest] = note_statistics(notes.onset_s, notes.end_s, notes.pitch, self.metre)
        return self._known[digest]

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Learn nothing."""

    def scores(self, summaries: torch.Tensor) -> torch.Tensor:
        """Return the summaries (n, dimensions) as they are: they are the embeddings."""
        return summaries

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Embeddings (batch, dimensions) of clips (batch, 2, 88, frames)."""
        return self.summarise(clips)
