"""A music library: which of its files lack a tag, and the verdicts on those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from earmark.apps.tags.notation import initial_key
from earmark.apps.tags.rewrite import read_tags
from earmark.apps.tags.tag_kinds import KINDS, Values
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.identify.inputs import Target

if TYPE_CHECKING:
    from earmark.identify.verdict import Verdict

BATCH = 48  # files that several models hear before the first is tagged: the most that an interruption loses


class Listener(Protocol):
    """What hears files and says something of each: an identifier, or what measures tempo."""

    def identify_all(self, music: Sequence[Target], workers: int = 0) -> Iterator[Verdict]:
        """Verdicts on files, in their order."""
        ...


@dataclass(frozen=True)
class Track:
    """A file that lacks a tag.

    Attributes:
        target: The file.
        has: Values of the tags that it has.
        wanted: Kinds of tags to find.
    """

    target: Target
    has: Values
    wanted: list[str]


@dataclass(frozen=True)
class Scan:
    """What the files of a library have and lack.

    Attributes:
        tracks: Files to be heard.
        complete: Names of files that lack nothing.
        tagless: Number of files by suffix that cannot have tags.
        errors: Name and reason of files that cannot be read.
    """

    tracks: list[Track] = field(default_factory=list)
    complete: list[str] = field(default_factory=list)
    tagless: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[str, str]] = field(default_factory=list)


def scan(targets: Sequence[Target], kinds: Sequence[str], overwrite: bool) -> Scan:
    """Read the tags of all files; none is heard.

    Args:
        targets: The files.
        kinds: Kinds of tags that are wanted.
        overwrite: Whether they are wanted where a file has them, too.
    """
    result = Scan()
    for target in targets:
        try:
            has = read_tags(target.file)
        except PieceError as error:
            result.errors.append((target.name, str(error)))
            continue
        if has is None:
            result.tagless[target.file.suffix.lower()] += 1
            continue
        wanted = [kind for kind in kinds if overwrite or kind not in has]
        if wanted:
            result.tracks.append(Track(target, has, wanted))
        else:
            result.complete.append(target.name)
    return result


def check_labels(kind: str, bundle: str, labels: Sequence[str], question: str = "") -> None:
    """Check that a model answers the question of a kind of tag, before anything is heard.

    Args:
        kind: The tag: genre, key or composer.
        bundle: How the user named the model.
        labels: What it has learned.
        question: What its labels say; "" where its bundle did not note it.

    Raises:
        EarmarkError: It answers another question.
    """
    if question and question != kind:
        way = f"give it as --{question}" if question in KINDS else f"there is no tag for {question} here"
        raise EarmarkError(
            f"--{kind} {bundle}: it has learned to say {question} (data.question of its training): {way}"
        )
    strange = [label for label in labels if initial_key(label) is None]
    if kind != "key" and labels and not strange:
        raise EarmarkError(f"--{kind} {bundle}: its labels are keys: give it as --key")
    if kind == "key" and strange:
        raise EarmarkError(
            f"--key {bundle}: its label {strange[0]!r} is no key like `Db major`: choose a model for keys"
        )


def hear(
    tracks: Sequence[Track], identifiers: Mapping[str, Listener], workers: int
) -> Iterator[tuple[Track, dict[str, Verdict]]]:
    """Hear the tracks, each with the models of the kinds that it lacks.

    Args:
        tracks: The files.
        identifiers: The model of each kind.
        workers: Processes; 0 for one per core.

    Yields:
        Each track with the verdict for each kind that it lacks, in the order of the tracks.
    """
    if not tracks:
        return
    *firsts, last = identifiers
    size = BATCH if firsts else len(tracks)
    for start in range(0, len(tracks), size):
        batch = tracks[start : start + size]
        by_track: list[dict[str, Verdict]] = [{} for _ in batch]
        for kind in firsts:
            results = identifiers[kind].identify_all(_targets(batch, kind), workers)
            for track, verdicts in zip(batch, by_track, strict=True):
                if kind in track.wanted:
                    verdicts[kind] = next(results)
        results = identifiers[last].identify_all(_targets(batch, last), workers)
        for track, verdicts in zip(batch, by_track, strict=True):
            if last in track.wanted:
                verdicts[last] = next(results)
            yield track, verdicts


def _targets(batch: Sequence[Track], kind: str) -> list[Target]:
    return [track.target for track in batch if kind in track.wanted]
