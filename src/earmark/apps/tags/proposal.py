"""What `earmark tag` would write into a file, by the verdicts on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from earmark.apps.tags.notation import initial_key
from earmark.apps.tags.tag_kinds import Values
from earmark.decisions.rejection import UNKNOWN

if TYPE_CHECKING:
    from earmark.identify.verdict import Verdict

LEAST_PROBABILITY = 0.2  # of a further genre


@dataclass(frozen=True)
class Spelling:
    """How values are written.

    Attributes:
        notation: Of keys: one of `earmark.apps.tags.notation.NOTATIONS`.
        genres: The most genres of a file.
    """

    notation: str = "standard"
    genres: int = 1


@dataclass(frozen=True)
class Proposal:
    """What would be written into a file.

    Attributes:
        new: The values of each kind.
        said: The same for people, with what is there and the model's confidence: `polka → jig (0.90)`, and
            *unlike* beside it where the music is unlike what the model learned from.
        unknown: How many verdicts are *unknown*.
        unlike: The kinds with that mark.
    """

    new: dict[str, list[str]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    unknown: int = 0
    unlike: tuple[str, ...] = ()


def proposal(has: Values, verdicts: Mapping[str, Verdict], kinds: Sequence[str], how: Spelling) -> Proposal:
    """Compare what a file has with the verdicts on it.

    Args:
        has: Values of the tags that it has.
        verdicts: By kind; kinds that it lacks, or all that may be overwritten.
        kinds: The kinds, in their order.
        how: How values are written.
    """
    new: dict[str, list[str]] = {}
    said: dict[str, str] = {}
    unknown, unlike = 0, []
    for kind in kinds:
        verdict = verdicts.get(kind)
        if verdict is None or verdict.error:
            continue
        values = tag_values(kind, verdict, how)
        unknown += values is None
        if values is not None and has.get(kind) != values:
            there = f"{', '.join(has[kind])} → " if kind in has else ""
            mark = ", unlike" if verdict.is_unlike else ""
            unlike += [kind] if mark else []
            new[kind], said[kind] = values, f"{there}{', '.join(values)} ({verdict.confidence:.2f}{mark})"
    return Proposal(new, said, unknown, tuple(unlike))


def tag_values(kind: str, verdict: Verdict, how: Spelling) -> list[str] | None:
    """The values of a tag.

    Args:
        kind: The tag: genre, key, composer or bpm.
        verdict: Of the model for it.
        how: How they are written.

    Returns:
        What to write: one value; of genres also others of a probability of at least 0.2, the most probable
        first. None where the verdict is `unknown` or the file could not be heard.
    """
    if verdict.error or verdict.label == UNKNOWN:
        return None
    if kind == "key":
        key = initial_key(verdict.label, how.notation)
        return None if key is None else [key]
    if kind != "genre":
        return [verdict.label]
    ranked = sorted(verdict.probabilities.items(), key=lambda item: -item[1])
    further = [label for label, value in ranked if label != verdict.label and value >= LEAST_PROBABILITY]
    return [verdict.label, *further][: how.genres]
