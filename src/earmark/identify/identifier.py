"""A bundle at work: music in, verdicts with evidence out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from earmark.bundle import Bundle
from earmark.foundation.errors import EarmarkError, describe
from earmark.identify.inputs import Target
from earmark.identify.listen import HeardFile, hear, hear_all, soundfont_places
from earmark.identify.verdict import Neighbour, Verdict
from earmark.music.clips import clip_of
from earmark.music.recipe import Recipe

if TYPE_CHECKING:
    import torch

NEIGHBOURS = 3
Music = str | os.PathLike[str] | Target
"""A file: its path, or a Target where people know it by another name."""


class Identifier:
    """Identifies music with one bundle, on the GPU where there is one.

    base: the folder where a soundfont's relative path is looked for first; the bundle's own by default.
    """

    def __init__(self, bundle: Bundle, base: Path) -> None:
        self.bundle = bundle
        self.recipe = Recipe(bundle.hearing, soundfont_places(base))

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Identifier:
        """From a bundle's folder. Raises EarmarkError where it is none."""
        return cls(Bundle.load(Path(folder)), Path(folder))

    @property
    def labels(self) -> list[str]:
        """The known labels."""
        return self.bundle.labels

    def identify(self, music: Music) -> Verdict:
        """The verdict on one file; its `error` says in one line why there is none."""
        return self.verdict_on(hear(self.recipe, _target(music)))

    def identify_array(self, waveform: np.ndarray, sample_rate_hz: int, name: str = "") -> Verdict:
        """The verdict on a waveform (samples,) or (channels, samples), full scale 1, at its own rate.

        name: what the verdict calls it. It is heard as a recording in a file is.
        """
        import soundfile

        samples = np.atleast_2d(np.asarray(waveform, dtype=np.float32)).T
        with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
            file = Path(folder) / "waveform.wav"
            try:
                soundfile.write(file, samples, sample_rate_hz, subtype="FLOAT")
            except (soundfile.LibsndfileError, ValueError, TypeError) as error:
                return Verdict(name, error=f"is no waveform: {describe(error)}")
            return self.identify(Target(name, file))

    def identify_all(self, music: Sequence[Music], workers: int = 0) -> Iterator[Verdict]:
        """Verdicts in the order of the files, which are heard in parallel, a few at a time.

        workers: processes; 0 for one per core.
        """
        return map(self.verdict_on, hear_all(self.recipe, [_target(item) for item in music], workers))

    def verdict_on(self, heard: HeardFile) -> Verdict:
        """The verdict on what was heard of a file."""
        if heard.features is None:
            return Verdict(heard.target.name, error=heard.error)
        try:
            return self.from_features(heard.target.name, heard.features)
        except EarmarkError:
            raise
        except Exception as error:  # an unforeseen fault of one file is that file's error
            return Verdict(heard.target.name, error=describe(error))

    def from_features(self, name: str, features: np.ndarray) -> Verdict:
        """The verdict on a piece from its features (channels, bands, frames)."""
        embeddings, starts_s = self.embed(features)
        decision = self.bundle.decision
        prediction = decision.predict(embeddings)
        return Verdict(
            path=name,
            label=prediction.label,
            nearest_label=prediction.nearest,
            confidence=prediction.confidence,
            distance=prediction.distance,
            neighbours=self._neighbours(embeddings, starts_s),
            probabilities=dict(zip(self.labels, prediction.probabilities.tolist(), strict=True)),
            distances=prediction.distances,
            clip_starts_s=starts_s,
            clip_probabilities=decision.clip_probabilities(embeddings),
        )

    def embed(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the model gives for the clips of a piece (clips, dimensions), and where they begin, s."""
        import torch

        geometry, (encoder, device) = self.recipe.clips, self._encoder
        starts = geometry.starts(features.shape[-1])
        clips = torch.from_numpy(np.stack([clip_of(features, start, geometry.frames) for start in starts]))
        with torch.inference_mode():
            embeddings = encoder(clips.to(device)).float().cpu().numpy()
        return embeddings, np.array(starts) / geometry.frame_rate_hz

    @cached_property
    def _encoder(self) -> tuple[torch.nn.Module, torch.device]:
        import torch

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return self.bundle.encoder.to(device), device

    @cached_property
    def _references(self) -> np.ndarray:
        return self.bundle.decision.whitened(self.bundle.embeddings)

    def _neighbours(self, embeddings: np.ndarray, starts_s: np.ndarray) -> list[Neighbour]:
        """The nearest training pieces, by the most similar pair of excerpts."""
        own = self.bundle.decision.whitened(embeddings)
        # |a - b|² = |a|² + |b|² - 2 a·b: no array of clips × references × dimensions.
        references = self._references
        square = (own**2).sum(1)[:, None] + (references**2).sum(1)[None] - 2 * own @ references.T
        clip, table = square.argmin(axis=0), self.bundle.references
        nearest = np.sqrt(np.maximum(square[clip, np.arange(len(references))], 0.0))
        neighbours: dict[str, Neighbour] = {}
        for row in np.argsort(nearest, kind="stable"):
            piece_id = str(table["piece_id"][row])
            if piece_id not in neighbours:
                neighbours[piece_id] = Neighbour(
                    piece_id=piece_id,
                    title=str(table["title"][row]),
                    label=str(table["label"][row]),
                    distance=round(float(nearest[row]), 6),
                    start_s=round(float(starts_s[clip[row]]), 3),
                    reference_start_s=float(table["start_s"][row]),
                )
            if len(neighbours) == NEIGHBOURS:
                break
        return list(neighbours.values())


def _target(music: Music) -> Target:
    return music if isinstance(music, Target) else Target(str(music), Path(music))
