"""The evaluation that lies beside a bundle, and the check that it is the evaluation of this bundle."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from earmark.bundle import Bundle
from earmark.evaluation.closed_set import closed_set_metrics, confusion
from earmark.foundation.errors import EarmarkError
from earmark.music.catalog import KNOWN, read_table

CHECKED = 20  # training pieces whose distance is computed again
# Between what evaluation wrote (six decimals) and what the references give: rounding, and another CPU's sums.
RELATIVE, ABSOLUTE = 1e-4, 1e-5


@dataclass(frozen=True)
class StatedEvaluation:
    """What the evaluation that lies beside a bundle says of it.

    Attributes:
        balanced_accuracy: Of the known test pieces.
        control: What the control reaches there, as heard; None where that was not stated.
        verdicts: Their rows of verdicts.csv.
        test_pieces: A digest of which pieces those are, by their bytes and labels.
    """

    balanced_accuracy: float
    control: float | None
    verdicts: pd.DataFrame
    test_pieces: str

    @classmethod
    def beside(cls, folder: Path, bundle: Bundle) -> StatedEvaluation | None:
        """Read that of the checkout or run whose `models/` is `folder`.

        Args:
            folder: The bundle's folder.
            bundle: What it holds.

        Returns:
            The evaluation; None where there is none, or none with a test.

        Raises:
            EarmarkError: The evaluation is of another bundle, or states no balanced accuracy.
        """
        root = folder.resolve().parent
        metrics, verdicts = root / "metrics" / "evaluate.json", root / "data" / "verdicts.csv"
        if not (metrics.is_file() and verdicts.is_file()):
            return None
        stated = _stated(metrics, "closed_set", "balanced_accuracy")
        if stated is None:
            return None
        table = read_table(verdicts)
        try:
            test = table[(table.role == KNOWN) & (table.split == "test")]
            matrix = confusion(list(test.label), list(test.nearest_label), bundle.labels)
            counted = closed_set_metrics(matrix)["balanced_accuracy"]
            matching = math.isclose(counted, stated, abs_tol=ABSOLUTE) and _same_distances(table, bundle)
        except (KeyError, AttributeError, ValueError):  # other labels, other columns
            matching = False
        if not matching:
            raise EarmarkError(
                f"{root} holds the evaluation of another bundle: evaluate this one (dvc repro)"
            )
        control = _stated(metrics, "control", "heard_balanced_accuracy", required=False)
        return cls(stated, control, test, _digest(test, read_table(root / "data" / "pieces.csv")))


def _stated(metrics: Path, section: str, name: str, required: bool = True) -> float | None:
    try:
        value = json.loads(metrics.read_text(encoding="utf-8"))[section][name]["value"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        if not required:
            return None
        raise EarmarkError(f"{metrics} has no {section}.{name}: run the evaluation") from error
    return None if value is None or math.isnan(value) else float(value)


def _same_distances(table: pd.DataFrame, bundle: Bundle) -> bool:
    """Whether the distances in verdicts.csv are those that the bundle gives for its training pieces."""
    stated = table.set_index("piece_id").distance.astype(float)
    owners = np.asarray(bundle.references["piece_id"], dtype=str)
    names = sorted(set(owners))[:CHECKED]
    computed = [bundle.decision.predict(bundle.embeddings[owners == name]).distance for name in names]
    return bool(np.allclose(computed, stated.loc[names], rtol=RELATIVE, atol=ABSOLUTE))


def _digest(test: pd.DataFrame, pieces: pd.DataFrame) -> str:
    """By the files' own digests: the same pieces in another folder are the same test."""
    content = test.piece_id.map(pieces.set_index("piece_id").sha256).fillna("")
    lines = sorted(f"{sha256} {label}" for sha256, label in zip(content, test.label, strict=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
