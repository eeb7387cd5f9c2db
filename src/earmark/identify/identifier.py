"""The identifier: a verdict on any music, by one bundle."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from earmark.bundle import Bundle
from earmark.foundation.errors import EarmarkError, describe
from earmark.identify.encoding import Encoding, encoding_of
from earmark.identify.inputs import Target
from earmark.identify.listen import HeardFile, hear, hear_all, soundfont_places
from earmark.identify.verdict import Neighbour, Verdict
from earmark.music.clips import clip_of
from earmark.music.recipe import Recipe

NEIGHBOURS = 3
Music = str | os.PathLike[str] | Target
"""A file: its path, or a Target where people know it by another name."""


class Identifier:
    """Identifies music with one bundle, on the GPU where there is one.

    Attributes:
        bundle: The trained model.
        recipe: How a file becomes features for it.
    """

    def __init__(self, bundle: Bundle, base: Path) -> None:
        """Identify with a bundle.

        Args:
            bundle: The trained model.
            base: The folder where the bundle's soundfont is looked for first.
        """
        self.bundle = bundle
        self.recipe = Recipe(bundle.hearing, soundfont_places(base))

    @classmethod
    def load(cls, folder: str | os.PathLike[str], strictness: str = "") -> Identifier:
        """Load a bundle.

        Args:
            folder: The bundle's.
            strictness: `strict`, `balanced` or `eager`; "" as the bundle was trained.

        Raises:
            EarmarkError: There is no bundle, it is refused (see `Bundle.load`), or it has no such strictness.
        """
        bundle = Bundle.load(Path(folder))
        if strictness:
            bundle = replace(bundle, decision=bundle.decision.at(strictness))
        return cls(bundle, Path(folder))

    @property
    def labels(self) -> list[str]:
        """The known labels, in the order of a verdict's distances."""
        return self.bundle.labels

    def identify(self, music: Music) -> Verdict:
        """Identify one file.

        Args:
            music: A path of MIDI or a recording, or a `Target`.

        Returns:
            The verdict; where the file cannot be heard, its `error` says why.

        Raises:
            EarmarkError: No file can be heard, for example because FluidSynth is missing.
        """
        return self.verdict_on(hear(self.recipe, _target(music)))

    def identify_array(self, waveform: np.ndarray, sample_rate_hz: int, name: str = "") -> Verdict:
        """Identify a waveform; it is heard like the same sound in a file.

        Args:
            waveform: (samples,) or (channels, samples), full scale 1.
            sample_rate_hz: Its rate; any will do.
            name: What the verdict's `path` says.

        Returns:
            The verdict; where the waveform cannot be heard, its `error` says why.
        """
        import soundfile

        with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
            file = Path(folder) / "waveform.wav"
            try:
                samples = np.atleast_2d(np.asarray(waveform, dtype=np.float32)).T
                soundfile.write(file, samples, sample_rate_hz, subtype="FLOAT")
            except (soundfile.LibsndfileError, ValueError, TypeError) as error:
                return Verdict(name, error=f"is no waveform: {describe(error)}")
            return self.identify(Target(name, file))

    def identify_all(self, music: Iterable[Music], workers: int = 0) -> Iterator[Verdict]:
        """Identify many files; they are heard in parallel, a few ahead of what is asked for.

        Args:
            music: Paths or `Target`s.
            workers: Processes; 0 for one per core.

        Returns:
            Verdicts in the order of the files. A file that cannot be heard has its `error`, and the others go
            on.

        Raises:
            EarmarkError: No file can be heard, for example because FluidSynth is missing.
        """
        return map(self.verdict_on, hear_all(self.recipe, [_target(item) for item in music], workers))

    def verdict_on(self, file: HeardFile) -> Verdict:
        """The verdict on a file that has been heard.

        Args:
            file: What `earmark.identify.listen` made of it.
        """
        if file.features is None:
            return Verdict(file.target.name, error=file.error)
        try:
            verdict = self.from_features(file.target.name, file.features)
            warning = "; ".join(filter(None, (file.warning, verdict.warning)))
            return replace(verdict, warning=warning, unheard=file.warning)
        except EarmarkError:
            raise
        except Exception as error:  # an unforeseen fault of one file is that file's error
            return Verdict(file.target.name, error=describe(error))

    def from_features(self, name: str, features: np.ndarray) -> Verdict:
        """The verdict on a piece from its features.

        Args:
            name: What the verdict's `path` says.
            features: (channels, bands, frames), as the bundle's recipe makes them.
        """
        embeddings, starts_s = self.embed(features)
        decision = self.bundle.decision
        prediction = decision.predict(embeddings)
        distance, dial = prediction.distance, decision.dial
        known = prediction.label == prediction.nearest
        reason = decision.rejection.reason(distance, prediction.confidence, prediction.share)
        return Verdict(
            path=name,
            label=prediction.label,
            nearest_label=prediction.nearest,
            confidence=prediction.confidence,
            distance=distance,
            p_known=None if dial is None else dial.p_known(distance),
            percentile=None if dial is None else dial.percentile(distance),
            reason="" if known else reason,
            warning="" if self.bundle.domain is None else self.bundle.domain.warning(features),
            neighbours=self._neighbours(embeddings, starts_s),
            probabilities=dict(zip(self.labels, prediction.probabilities.tolist(), strict=True)),
            distances=prediction.distances,
            clip_starts_s=starts_s,
            clip_probabilities=decision.clip_probabilities(embeddings),
        )

    def embed(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Embed the clips of a piece.

        Args:
            features: (channels, bands, frames), as the bundle's recipe makes them.

        Returns:
            What the model gives for each clip (clips, dimensions); where the clips begin (clips,), seconds.

        Raises:
            EarmarkError: The model is not the one that the bundle's references come from.
        """
        geometry = self.recipe.clips
        starts = geometry.starts(features.shape[-1])
        clips = np.stack([clip_of(features, start, geometry.frames) for start in starts])
        embeddings = self._encode(clips)
        if embeddings.shape[1:] != self.bundle.embeddings.shape[1:]:
            raise EarmarkError("the bundle is refused: its references are not of its model")
        return embeddings, np.array(starts) / geometry.frame_rate_hz

    @cached_property
    def _encode(self) -> Encoding:
        """The model, made when the first clips come."""
        return encoding_of(self.bundle)

    @cached_property
    def _references(self) -> np.ndarray:
        """Embeddings of the training pieces' clips in the decision's metric (clips, dimensions)."""
        return self.bundle.decision.whitened(self.bundle.embeddings)

    def _neighbours(self, embeddings: np.ndarray, starts_s: np.ndarray) -> list[Neighbour]:
        """The nearest training pieces, by the most similar pair of excerpts."""
        clips = self.bundle.decision.whitened(embeddings)
        # |a - b|² = |a|² + |b|² - 2 a·b: no array of clips × references × dimensions.
        references = self._references
        square = (clips**2).sum(1)[:, None] + (references**2).sum(1)[None] - 2 * clips @ references.T
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
