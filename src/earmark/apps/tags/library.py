"""A music library: which of its files lack a tag, and what the models say about those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from earmark.apps.tags.formats import KINDS, Values
from earmark.apps.tags.notation import initial_key
from earmark.apps.tags.rewrite import read_tags
from earmark.decisions.rejection import UNKNOWN
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.identify.inputs import Target

if TYPE_CHECKING:
    from earmark.identify.identifier import Identifier
    from earmark.identify.verdict import Verdict

BATCH = 48  # files that several models hear before the first is tagged: an interruption loses no more


@dataclass(frozen=True)
class Track:
    """A file that lacks a tag. has: what it says already. wanted: kinds of tags to find."""

    target: Target
    has: Values
    wanted: list[str]


@dataclass(frozen=True)
class Survey:
    """tracks: to be heard. complete: files that lack nothing. tagless: files by suffix that can have no
    tags. errors: path and reason of those that cannot be read."""

    tracks: list[Track] = field(default_factory=list)
    complete: list[str] = field(default_factory=list)
    tagless: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[str, str]] = field(default_factory=list)


def survey(targets: Sequence[Target], kinds: Sequence[str], overwrite: bool) -> Survey:
    """Read the tags of all files; nothing is listened to."""
    found = Survey()
    for target in targets:
        try:
            has = read_tags(target.file)
        except PieceError as error:
            found.errors.append((target.name, str(error)))
            continue
        if has is None:
            found.tagless[target.file.suffix.lower()] += 1
            continue
        wanted = [kind for kind in kinds if overwrite or kind not in has]
        if wanted:
            found.tracks.append(Track(target, has, wanted))
        else:
            found.complete.append(target.name)
    return found


def check_labels(kind: str, bundle: str, labels: Sequence[str], question: str = "") -> None:
    """Raise EarmarkError where a model has learned to answer another question than `kind`, before anything is
    heard. question: what its bundle says of it; "" where that is not noted."""
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
    tracks: Sequence[Track], identifiers: Mapping[str, Identifier], workers: int
) -> Iterator[tuple[Track, dict[str, Verdict]]]:
    """Each track with what the model of each wanted kind says, in the order of the tracks."""
    if not tracks:
        return
    *firsts, last = identifiers
    size = BATCH if firsts else len(tracks)
    for start in range(0, len(tracks), size):
        batch = tracks[start : start + size]
        said: list[dict[str, Verdict]] = [{} for _ in batch]
        for kind in firsts:
            found = identifiers[kind].identify_all(_targets(batch, kind), workers)
            for track, verdicts in zip(batch, said, strict=True):
                if kind in track.wanted:
                    verdicts[kind] = next(found)
        found = identifiers[last].identify_all(_targets(batch, last), workers)
        for track, verdicts in zip(batch, said, strict=True):
            if last in track.wanted:
                verdicts[last] = next(found)
            yield track, verdicts


def _targets(batch: Sequence[Track], kind: str) -> list[Target]:
    return [track.target for track in batch if kind in track.wanted]


def tag_value(kind: str, found: Verdict) -> str | None:
    """What to write; None for what could not be heard, and for `unknown`."""
    if found.error or found.label == UNKNOWN:
        return None
    return initial_key(found.label) if kind == "key" else found.label
