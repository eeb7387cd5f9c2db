"""A new composer or author from a few pieces, without training: a prototype and references more.

What the network hears stays as it was learned from other labels; a prototype of a few pieces in that
space is what few-shot learning calls a class (Snell et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from earmark.bundle import Bundle
from earmark.decisions.prototype import FittedPrototypes
from earmark.decisions.rejection import UNKNOWN
from earmark.foundation.errors import EarmarkError
from earmark.music.sources.labels import piece_id

ENOUGH = 3  # pieces from which on a mean says more about a label than about a piece


@dataclass(frozen=True)
class EnrolledPiece:
    """A piece by the new label. content: the file's bytes, by which it is known. clips: their embeddings
    (clips, dimensions), which begin at starts_s seconds."""

    title: str
    content: bytes
    clips: np.ndarray
    starts_s: np.ndarray


def check_enrolment(bundle: Bundle, label: str, replacing: bool) -> None:
    """Raise EarmarkError where the bundle has no room for the label."""
    if not label.strip() or label.strip() != label:
        raise EarmarkError(f"--label {label!r} is no label: give a name without blanks around it")
    if label == UNKNOWN:
        raise EarmarkError("no label can be called unknown, which is the verdict on strangers")
    if not isinstance(bundle.decision, FittedPrototypes):
        raise EarmarkError(
            f"this bundle decides by {bundle.decision.kind}: its scores have no room for a new label; "
            "train again with it, or use a bundle with prototypes"
        )
    if label in bundle.labels and not replacing:
        raise EarmarkError(
            f"{label} is a label of this bundle already: --replace puts these pieces in its place"
        )


def enrolled(bundle: Bundle, label: str, pieces: Sequence[EnrolledPiece], replacing: bool = False) -> Bundle:
    """A bundle that knows `label`, too: its prototype is the mean of the pieces' mean embeddings.

    Whitening, temperature and threshold are kept. The order of the pieces plays no part, and a file that
    is there twice counts once. replacing: put them in the place of the label's prototype and references.
    Raises EarmarkError where the bundle has no room for the label, or without any piece.
    """
    check_enrolment(bundle, label, replacing)
    # By the file's bytes: the same wherever it lies.
    by_id = {piece_id(label, piece.title, piece.content): piece for piece in pieces}
    if not by_id:
        raise EarmarkError(f"there is no piece to enroll {label} from")
    named = sorted(by_id.items())
    decision = bundle.decision
    prototype = np.stack([piece.clips.mean(axis=0) for _, piece in named]).mean(axis=0)
    prototypes, labels = decision.prototypes.copy(), list(bundle.labels)
    if label in labels:
        prototypes[labels.index(label)] = prototype
    else:
        labels.append(label)
        prototypes = np.concatenate([prototypes, prototype[None].astype(prototypes.dtype)])
    counts = [len(piece.clips) for _, piece in named]
    rows = {
        "piece_id": np.repeat([name for name, _ in named], counts),
        "label": np.repeat(label, sum(counts)),
        "title": np.repeat([piece.title for _, piece in named], counts),
        "start_s": np.round(np.concatenate([piece.starts_s for _, piece in named]), 3),
    }
    kept = np.asarray(bundle.references["label"]) != label
    nothing = np.repeat("", sum(counts))
    references = {
        name: np.concatenate([np.asarray(column)[kept], rows.get(name, nothing)])
        for name, column in bundle.references.items()
    }
    return replace(
        bundle,
        decision=replace(decision, labels=labels, prototypes=prototypes),
        references=references,
        embeddings=np.concatenate([bundle.embeddings[kept], *(piece.clips for _, piece in named)]),
    )


def recognised(bundle: Bundle, label: str, pieces: Sequence[EnrolledPiece]) -> int:
    """Of how many of the (two or more) pieces a prototype of the others says the label."""
    count = 0
    for index, piece in enumerate(pieces):
        others = [*pieces[:index], *pieces[index + 1 :]]
        verdict = enrolled(bundle, label, others, replacing=True).decision.predict(piece.clips)
        count += verdict.label == label
    return count
