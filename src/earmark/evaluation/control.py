"""The control: what a classifier reaches that sees no pitch and no rhythm.

A score is worth what it adds to this. MIDI: instruments, duration, note density; recordings: duration,
loudness, bandwidth. `encoded` sees the files as they came, `heard` what is left after
`render.instruments` and `midi.tempo`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd


def control_table(facts: Mapping[str, Mapping[str, Any]], kind: str) -> pd.DataFrame:
    """Facts of `kind` (`encoded` or `heard`) by piece_id; what a medium does not have is its mean.

    Constant columns carry nothing and are left out.
    """
    table = pd.DataFrame({piece_id: record[kind] for piece_id, record in facts.items()}).T.astype(float)
    table = table.fillna(table.mean())
    # Not std() > 0: the mean of equal numbers may differ from them in its last digit.
    varies = table.max() - table.min() > 1e-9 * table.abs().max()
    return table[table.columns[varies]]


def control_verdicts(
    table: pd.DataFrame, train: Iterable[str], train_labels: Iterable[str], test: Iterable[str]
) -> list[str]:
    """Labels that logistic regression gives the test pieces from the control's facts alone."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if table.shape[1] == 0:
        table = table.assign(nothing=np.zeros(len(table)))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, class_weight="balanced", max_iter=2000))
    model.fit(table.loc[list(train)].to_numpy(), list(train_labels))
    return list(model.predict(table.loc[list(test)].to_numpy()))
