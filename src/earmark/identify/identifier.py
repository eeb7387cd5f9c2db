"""A bundle at work: files in, verdicts with evidence out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from earmark.bundle import Bundle
from earmark.decisions.verdict import Verdict
from earmark.foundation.errors import EarmarkError, describe
from earmark.identify.inputs import Target
from earmark.identify.listen import Heard, Listener, hear, hear_all

NEIGHBOURS = 3


@dataclass(frozen=True)
class Neighbour:
    """A training piece that a file is like, and where the most similar excerpts begin, in seconds."""

    piece_id: str
    title: str
    label: str
    distance: float
    start_s: float
    reference_start_s: float

    @property
    def starts(self) -> tuple[str, str]:
        """Where the excerpts begin, here and there, for people: `1:05`."""
        here, there = int(self.start_s), int(self.reference_start_s)
        return f"{here // 60}:{here % 60:02d}", f"{there // 60}:{there % 60:02d}"


@dataclass(frozen=True)
class Identification:
    """What is said about one file; `error` and nothing else where it could not be heard.

    starts_s: where its clips begin. probabilities: of each label for each clip (clips, labels).
    distances: of the piece to each label.
    """

    path: str
    verdict: str = ""
    nearest_label: str = ""
    confidence: float = 0.0
    distance: float = 0.0
    nearest: list[Neighbour] = field(default_factory=list)
    error: str = ""
    starts_s: np.ndarray = field(default_factory=lambda: np.zeros(0))
    probabilities: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    distances: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def plain(self) -> dict[str, Any]:
        """For programs: path, verdict, confidence, distance, nearest, error."""
        if self.error:
            return {
                **{"path": self.path, "verdict": None, "confidence": None, "distance": None},
                **{"nearest": [], "error": self.error},
            }
        return {
            "path": self.path,
            "verdict": self.verdict,
            "confidence": round(self.confidence, 6),
            "distance": round(self.distance, 6),
            "nearest": [vars(neighbour) for neighbour in self.nearest],
            "error": None,
        }


class Identifier:
    """Identifies files with one bundle, on the GPU where there is one.

    base: the folder where a soundfont's relative path is looked for first; the bundle's own by default.
    """

    def __init__(self, bundle: Bundle, base: Path) -> None:
        import torch

        self.bundle = bundle
        self.listener = Listener(bundle.settings, base)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @classmethod
    def load(cls, folder: Path) -> Identifier:
        """From a bundle's folder. Raises EarmarkError where it is none."""
        return cls(Bundle.load(folder), folder)

    def identify(self, target: Target) -> Identification:
        """The verdict on one file; its `error` says in one line why there is none."""
        return self.verdict_on(hear(self.listener, target))

    def verdict_on(self, heard: Heard) -> Identification:
        """The verdict on what was heard of a file."""
        if heard.features is None:
            return Identification(heard.target.name, error=heard.error)
        try:
            return self.from_features(heard.target.name, heard.features)
        except EarmarkError:
            raise
        except Exception as error:  # an unforeseen fault of one file is that file's error
            return Identification(heard.target.name, error=describe(error))

    @property
    def frame_rate_hz(self) -> float:
        """Columns of the features per second."""
        return self._geometry.frame_rate_hz

    def identify_all(self, targets: Sequence[Target], workers: int = 0) -> Iterator[Identification]:
        """Verdicts in the order of the targets; files are heard in parallel, a few at a time."""
        return map(self.verdict_on, hear_all(self.listener, targets, workers))

    def from_features(self, name: str, features: np.ndarray) -> Identification:
        """The verdict on a piece from its features (channels, bands, frames)."""
        embeddings, starts_s = self.embed(features)
        decision = self.bundle.decision
        verdict: Verdict = decision.verdict(embeddings)
        return Identification(
            path=name,
            verdict=verdict.label,
            nearest_label=verdict.nearest,
            confidence=verdict.confidence,
            distance=verdict.distance,
            nearest=self._neighbours(embeddings, starts_s),
            starts_s=starts_s,
            probabilities=decision.clip_probabilities(embeddings),
            distances=verdict.distances,
        )

    def embed(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the model gives for the clips of a piece (clips, dimensions), and where they begin, s."""
        import torch

        from earmark.learning.dataset.arrays import clip_of, clip_starts

        geometry = self._geometry
        starts = clip_starts(features.shape[-1], geometry.frames, geometry.hop, geometry.most_clips)
        clips = np.stack([clip_of(features, start, geometry.frames) for start in starts])
        encoder = self._encoder
        with torch.inference_mode():
            found = encoder(torch.from_numpy(clips).to(self._device)).float().cpu().numpy()
        return found, np.array(starts) / geometry.frame_rate_hz

    @cached_property
    def _encoder(self) -> Any:
        return self.bundle.encoder.to(self._device)

    @cached_property
    def _geometry(self) -> Any:
        from earmark.music.clips import ClipGeometry
        from earmark.pipeline.settings.config import build

        settings = self.bundle.settings
        front_end = build(dict(settings["features"]), "features")
        rate_hz = front_end.frame_rate_hz(settings["audio"]["sample_rate"])
        return ClipGeometry.of(settings["dataset"], rate_hz)

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
        best = np.sqrt(np.maximum(square[clip, np.arange(len(references))], 0.0))
        found: list[Neighbour] = []
        seen: set[str] = set()
        for row in np.argsort(best, kind="stable"):
            piece_id = str(table["piece_id"][row])
            if piece_id not in seen:
                seen.add(piece_id)
                found.append(
                    Neighbour(
                        piece_id=piece_id,
                        title=str(table["title"][row]),
                        label=str(table["label"][row]),
                        distance=round(float(best[row]), 6),
                        start_s=round(float(starts_s[clip[row]]), 3),
                        reference_start_s=float(table["start_s"][row]),
                    )
                )
            if len(found) == NEIGHBOURS:
                break
        return found
