"""Put a trained bundle into the package, with its model card: `make bundles`.

    python -m earmark.experiments.boxing RUN NAME

RUN is the folder of a run from the shell; NAME is what `--model NAME` will say.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from earmark.bundle import Bundle
from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import fixed
from earmark.identify.locate import BOX

LARGEST_BYTES = 3_000_000  # of a bundle in the package
MOST_REFERENCES = 4  # clips of each training piece that are kept to name the nearest pieces by
LEARNED_FROM = {
    "composer": "chorales, madrigals and masses (`data/corpora/composer.csv`)",
    "genre": "tunes of Ryan's and O'Neill's collections (`data/corpora/genre.csv`)",
    "key": "chorales and tunes that state their key, in all 24 keys (`data/corpora/key.csv`)",
}
FIGURES = (
    ("closed_set", "balanced_accuracy", "balanced accuracy"),
    ("key", "weighted", "MIREX key score"),
    ("control", "heard_balanced_accuracy", "the control, without pitch or rhythm"),
    ("baseline", "balanced_accuracy", "averages of the same features"),
    ("open_set", "auroc", "AUROC of strangers"),
    ("selective", "coverage", "answered"),
    ("selective", "risk", "wrong among the answered"),
    ("open_set", "unknown_rejected", "strangers called unknown"),
)


def box(run: Path, name: str) -> Path:
    """Save the bundle of a run into the package, small, and write its card.

    Args:
        run: Folder with models/ and metrics/.
        name: Of the bundle in the package.

    Returns:
        Its folder there.

    Raises:
        EarmarkError: There is no evaluated bundle, or it is too large for the package.
    """
    source = run / "models"
    bundle = Bundle.load(source)
    try:
        report = json.loads((run / "metrics" / "evaluate.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EarmarkError(f"{run} was not evaluated: metrics/evaluate.json cannot be read") from error
    target = BOX / name
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        small = Path(folder) / name
        _with_fewer_references(bundle).save(small, small=True)
        size = sum(file.stat().st_size for file in small.iterdir())
        if size > LARGEST_BYTES:
            raise EarmarkError(
                f"{source} packed has {size / 1e6:.1f} MB: at most {LARGEST_BYTES / 1e6:.0f} MB are packed"
            )
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(small, target)
    conditions = run / "conditions.md"  # what `python -m bench.conditions RUN` printed, if it was run
    table = conditions.read_text(encoding="utf-8") if conditions.is_file() else ""
    write_text(target / "card.md", card(name, bundle, report, table))
    return target


def _with_fewer_references(bundle: Bundle) -> Bundle:
    """The bundle with MOST_REFERENCES clips of each training piece, evenly spaced where it has more."""
    pieces = np.asarray(bundle.references["piece_id"], dtype=str)
    rows = [np.flatnonzero(pieces == piece) for piece in np.unique(pieces)]
    kept = np.sort(np.concatenate([of_piece[:: -(-len(of_piece) // MOST_REFERENCES)] for of_piece in rows]))
    references = {name: np.asarray(column)[kept] for name, column in bundle.references.items()}
    return replace(bundle, references=references, embeddings=bundle.embeddings[kept])


def card(name: str, bundle: Bundle, report: Mapping[str, Any], conditions: str = "") -> str:
    """The model card: what the model learned from, its figures on test pieces, and its limits.

    Args:
        name: Of the bundle in the package.
        bundle: What is packed.
        report: Its metrics/evaluate.json.
        conditions: Table of how its test pieces fare as recordings; "" where that was not measured.
    """
    pieces = report["pieces"]
    few = ", ".join(bundle.labels) if len(bundle.labels) <= 8 else f"{len(bundle.labels)} labels"
    lines = [
        f"# {name}",
        "",
        f"`earmark identify FILE --model {name}` answers: {bundle.question} ({few}).",
        "",
        f"- Learned from {pieces['train']} pieces: {LEARNED_FROM.get(name, 'see the run')}.",
        "  They are scores that the music21 package distributes under the licences of their encoders, some",
        "  of which exclude commercial use (`corpus/license.txt` there); kept of them are statistics.",
        f"- Judged on {pieces['test']} pieces of other works and {pieces['test_unknowns']} strangers:",
        "",
        "| | value | 95 % interval |",
        "|---|---|---|",
    ]
    for section, metric, words in FIGURES:
        value = report.get(section, {}).get(metric)
        if value and value["value"] is not None:
            lines.append(
                f"| {words} | {fixed(value['value'])} | {fixed(value['low'])} to {fixed(value['high'])} |"
            )
    dial = bundle.decision.dial
    if dial is not None:
        lines += ["", "`--strictness`, by validation pieces:", ""]
        lines += [f"- {dial.expectation(strictness)}" for strictness in ("strict", "balanced", "eager")]
    if conditions:
        lines += ["", "The test pieces as recordings:", "", conditions.rstrip()]
    warnings = [f"- {warning}." for warning in report["warnings"]]
    lines += ["", "Limits: it knows these labels alone, and music of the kind that it learned from."]
    lines += ["", *warnings] if warnings else []
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 3 or not sys.argv[2].isidentifier():
        sys.exit("usage: python -m earmark.experiments.boxing RUN NAME")
    try:
        print(f"{box(Path(sys.argv[1]), sys.argv[2])}")
    except EarmarkError as error:
        sys.exit(f"earmark: error: {error}")
