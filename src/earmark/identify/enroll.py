"""A new label from a few pieces, without training: one more prototype, and more references.

The network stays as it is. A class is the mean of a few embeddings, as in few-shot learning by prototypes.

References:
    Snell, J., Swersky, K., Zemel, R.: Prototypical networks for few-shot learning. NeurIPS 2017.
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

ENOUGH = 3  # pieces: a mean of fewer describes these pieces rather than the label


@dataclass(frozen=True)
class EnrolledPiece:
    """A piece of the new label.

    Attributes:
        title: What it is called.
        content: The bytes of its file, by which it is recognised.
        clips: Embeddings of its clips (clips, dimensions).
        starts_s: Where the clips begin (clips,), seconds.
    """

    title: str
    content: bytes
    clips: np.ndarray
    starts_s: np.ndarray


def check_enrolment(bundle: Bundle, label: str, replacing: bool) -> None:
    """Check that the bundle can take a label.

    Args:
        bundle: The bundle.
        label: The new label.
        replacing: Whether the label may be one that the bundle has.

    Raises:
        EarmarkError: It cannot.
    """
    _prototypes_of(bundle, label, replacing)


def _prototypes_of(bundle: Bundle, label: str, replacing: bool) -> FittedPrototypes:
    """The decision that takes the label. Raises EarmarkError where there is none."""
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
    return bundle.decision


def enrolled(bundle: Bundle, label: str, pieces: Sequence[EnrolledPiece], replacing: bool = False) -> Bundle:
    """Make a bundle that also knows a new label.

    The label's prototype is the mean of the pieces' mean embeddings. Whitening, temperature and threshold are
    kept. The result does not depend on the order of the pieces, and a file given twice counts once.

    Args:
        bundle: The bundle to start from; it stays as it is.
        label: The new label.
        pieces: Its pieces.
        replacing: Put them in the place of the prototype and the references of a label of that name.

    Returns:
        The new bundle.

    Raises:
        EarmarkError: The bundle cannot take the label, or there is no piece.
    """
    decision = _prototypes_of(bundle, label, replacing)
    # The id depends on the bytes of the file, not on its path.
    by_id = {piece_id(label, piece.title, piece.content): piece for piece in pieces}
    if not by_id:
        raise EarmarkError(f"there is no piece to enroll {label} from")
    named = sorted(by_id.items())
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
    blank = np.repeat("", sum(counts))
    references = {
        name: np.concatenate([np.asarray(column)[kept], rows.get(name, blank)])
        for name, column in bundle.references.items()
    }
    return replace(
        bundle,
        decision=replace(decision, labels=labels, prototypes=prototypes),
        references=references,
        embeddings=np.concatenate([bundle.embeddings[kept], *(piece.clips for _, piece in named)]),
    )


def recognised(bundle: Bundle, label: str, pieces: Sequence[EnrolledPiece]) -> int:
    """Count the pieces that are given the label by a prototype of the others.

    Args:
        bundle: The bundle without these pieces.
        label: The new label.
        pieces: Two or more.
    """
    count = 0
    for index, piece in enumerate(pieces):
        others = [*pieces[:index], *pieces[index + 1 :]]
        prediction = enrolled(bundle, label, others, replacing=True).decision.predict(piece.clips)
        count += prediction.label == label
    return count
