"""`earmark compare`: how probably two pieces have one label."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.apps.commands.model_option import Model
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.foundation.words import json_text, printable

if TYPE_CHECKING:
    import numpy as np

    from earmark.identify.identifier import Identifier


def compare(
    one: Annotated[str, typer.Argument(metavar="A", help="MIDI or a recording; - reads standard input.")],
    other: Annotated[str, typer.Argument(metavar="B", help="The piece to compare it with.")],
    model: Model = "",
    as_json: Annotated[bool, typer.Option("--json", help="An object, for programs.")] = False,
) -> None:
    r"""Say how probable it is that two pieces are by one composer, author, … as the model learned.

    Measured is the distance of the two pieces' mean embeddings (of a voting model, their
    mean scores). The probability is fitted, at each call, on all pairs of the bundle's
    training pieces, equal and different labels weighing alike. The model has learned from
    those pieces, which it parts better than new ones: the probability is surer of itself than
    it should be, most of all where neither piece is by anybody it has learned.

    \b
    earmark compare a.mid b.mid
    earmark compare take1.flac take2.flac --model models:/author@champion --json
    """
    if one == other == "-":
        raise EarmarkError("standard input holds one piece: give the other as a file")
    with tempfile.TemporaryDirectory(prefix="earmark-") as scratch:
        comparison = _compared(one, other, model, Path(scratch))
    print(json_text(comparison) if as_json else _in_words(comparison))


def _compared(one: str, other: str, model: str, scratch: Path) -> dict[str, Any]:
    """What `--json` prints."""
    from earmark.apps.commands.model_option import bundle_folder
    from earmark.identify.compare import Comparator
    from earmark.identify.identifier import Identifier

    identifier = Identifier.load(bundle_folder(model, scratch))
    comparator = Comparator.of(identifier.bundle)
    clips = [_clips(identifier, name, scratch) for name in (one, other)]
    distance = comparator.distance(*clips)
    return {
        "a": one,
        "b": other,
        "probability": round(comparator.probability(distance), 6),
        "same": distance <= comparator.threshold,
        "distance": round(distance, 6),
        "threshold": round(comparator.threshold, 6),
        "equal_error_rate": round(comparator.error_rate, 6),
        "calibrated_on": {
            "training_pieces": comparator.pieces,
            "pairs_of_equal_label": comparator.same,
            "pairs_of_different_label": comparator.different,
        },
        "labels": identifier.bundle.labels,
    }


def _clips(identifier: Identifier, name: str, scratch: Path) -> np.ndarray:
    """Embeddings of the clips of one piece (clips, dimensions)."""
    from earmark.identify.inputs import find_targets

    targets = find_targets([name], scratch)
    if len(targets) != 1:
        raise EarmarkError(f"{name} is {len(targets)} files: compare takes two pieces")
    try:
        return identifier.embed(identifier.recipe.hear(targets[0].file))[0]
    except PieceError as error:
        raise PieceError(f"{name}: {error}") from error


def _in_words(comparison: dict[str, Any]) -> str:
    labels, fitted = comparison["labels"], comparison["calibrated_on"]
    kind = ", ".join(map(printable, labels[:3])) + (", …" if len(labels) > 3 else "")
    pairs = fitted["pairs_of_equal_label"] + fitted["pairs_of_different_label"]
    side = "nearer than" if comparison["same"] else "beyond"
    return "\n".join(
        [
            f"{comparison['probability']:.3f}  probability of one label (of the kind of {kind})",
            f"{comparison['distance']:.3f}  distance of the pieces' means, {side} the equal-error threshold "
            f"{comparison['threshold']:.3f} ({comparison['equal_error_rate']:.1%} error)",
            f"Calibrated on {pairs:,} pairs of {fitted['training_pieces']:,} training pieces, equal and "
            "different labels weighing alike.",
            "The model has learned from those and parts them better than new ones: take it as a hint.",
        ]
    )
