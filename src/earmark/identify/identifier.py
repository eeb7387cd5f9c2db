"""The identifier: a verdict on any music, by one bundle."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from earmark.bundle import Bundle, bundle_hash
from earmark.foundation.errors import EarmarkError, describe
from earmark.identify.encoding import Encoding, encoding_of
from earmark.identify.inputs import Target
from earmark.identify.kept import Embedded, Kept
from earmark.identify.listen import HeardFile, hear_all, soundfont_places
from earmark.identify.locate import BOX, boxed
from earmark.identify.verdict import Neighbour, Verdict
from earmark.music.clip_geometry import clip_of
from earmark.music.recipe import Recipe

NEIGHBOURS = 3
FIRST_BATCH, MOST_BATCH = 16, 256  # files that are looked up at a time: first few, for an early answer
Music = str | os.PathLike[str] | Target
"""A file: its path, or a Target where people know it by another name."""


class Identifier:
    """Identifies music with one bundle, on the GPU where there is one.

    Attributes:
        bundle: The trained model.
        recipe: How a file becomes features for it.
        kept: What was made of files before.
    """

    def __init__(self, bundle: Bundle, base: Path, kept: Kept | None = None, digest: str = "") -> None:
        """Identify with a bundle.

        Args:
            bundle: The trained model.
            base: The folder where the bundle's soundfont is looked for first.
            kept: Where what is made of files is kept, and taken from; None to hear every file.
            digest: The bundle's, by which it is kept; without it nothing is.
        """
        self.bundle, self._digest = bundle, digest
        self.kept = kept if digest else None
        self.recipe = Recipe(bundle.hearing, soundfont_places(base))

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str], strictness: str = "", kept: Kept | None = None
    ) -> Identifier:
        """Load a bundle.

        Args:
            folder: The bundle's, or the name of one that comes with the package: `composer`, `genre`, `key`.
            strictness: `strict`, `balanced` or `eager`; "" as the bundle was trained.
            kept: What was made of files before, for instance `Kept.of_user()`; None to hear every file.

        Raises:
            EarmarkError: There is no bundle, it is refused (see `Bundle.load`), or it has no such strictness.
        """
        place = Path(folder)
        if not place.exists() and str(folder) in boxed():
            place = BOX / place
        bundle = Bundle.load(place)
        if strictness:
            bundle = replace(bundle, decision=bundle.decision.at(strictness))
        return cls(bundle, place, kept, "" if kept is None else bundle_hash(place))

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
        (verdict,) = self.identify_all([music], workers=1)
        return verdict

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
        targets = [_target(item) for item in music]
        if self.kept is None:
            return map(self.verdict_on, hear_all(self.recipe, targets, workers))
        return self._identified_once(targets, workers, self.kept)

    def _identified_once(self, targets: list[Target], workers: int, kept: Kept) -> Iterator[Verdict]:
        """As `identify_all`; files that were heard before are not heard again."""
        start, size, added = 0, FIRST_BATCH, 0
        while start < len(targets):
            batch = targets[start : start + size]
            asked = [(kept.key(target.file, self._digest), _state(target.file)) for target in batch]
            found = [kept.find(key) if key else None for key, _ in asked]
            missing = [target for target, known in zip(batch, found, strict=True) if known is None]
            heard = hear_all(self.recipe, missing, workers)
            for target, known, (key, state) in zip(batch, found, asked, strict=True):
                if known is not None:
                    yield self._verdict_of(target.name, known)
                    continue
                file = next(heard)
                made = self._embedded(file)
                if isinstance(made, Embedded) and key and _state(target.file) == state:
                    kept.add(key, made)
                    added += 1
                yield made if isinstance(made, Verdict) else self._verdict_of(target.name, made)
            start, size = start + size, min(4 * size, MOST_BATCH)
        if added:
            kept.trim()

    def verdict_on(self, file: HeardFile) -> Verdict:
        """The verdict on a file that has been heard.

        Args:
            file: What `earmark.identify.listen` made of it.
        """
        made = self._embedded(file)
        return made if isinstance(made, Verdict) else self._verdict_of(file.target.name, made)

    def _embedded(self, file: HeardFile) -> Embedded | Verdict:
        """What the model gives for a file, or the verdict that says why it gives nothing."""
        if file.features is None:
            return Verdict(file.target.name, error=file.error)
        try:
            return self._made_of(file.features, file.warning)
        except EarmarkError:
            raise
        except Exception as error:  # an unforeseen fault of one file is that file's error
            return Verdict(file.target.name, error=describe(error))

    def _made_of(self, features: np.ndarray, unheard: str) -> Embedded:
        names = getattr(self.recipe.front_end, "channel_names", ())
        unlike = "" if self.bundle.domain is None else self.bundle.domain.warning(features, names)
        return Embedded(*self.embed(features), unlike, unheard)

    def _verdict_of(self, name: str, made: Embedded) -> Verdict:
        try:
            return self._decided(name, made)
        except EarmarkError:
            raise
        except Exception as error:  # likewise
            return Verdict(name, error=describe(error))

    def from_features(self, name: str, features: np.ndarray) -> Verdict:
        """The verdict on a piece from its features.

        Args:
            name: What the verdict's `path` says.
            features: (channels, bands, frames), as the bundle's recipe makes them.
        """
        return self._decided(name, self._made_of(features, ""))

    def _decided(self, name: str, made: Embedded) -> Verdict:
        embeddings, starts_s = made.embeddings, made.starts_s
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
            warning="; ".join(filter(None, (made.unheard, made.unlike))),
            unheard=made.unheard,
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


def _state(file: Path) -> tuple[int, int]:
    """Size and time of change: whether a file was written to while it was heard."""
    try:
        status = file.stat()
    except OSError:
        return (-1, -1)
    return status.st_size, status.st_mtime_ns


def _target(music: Music) -> Target:
    return music if isinstance(music, Target) else Target(str(music), Path(music))
