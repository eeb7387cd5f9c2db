"""The nearest training piece of each piece: evidence that somebody can listen to."""

from __future__ import annotations

import numpy as np
import pandas as pd

BLOCK = 256  # queries compared with all references at a time: 2 kB of distances for each reference


def nearest_of_other_works(
    queries: np.ndarray, references: np.ndarray, query_works: np.ndarray, reference_works: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find for each query the nearest reference of another work.

    Args:
        queries: (n, dimensions).
        references: (m, dimensions).
        query_works: The work of each query (n,).
        reference_works: The work of each reference (m,).

    Returns:
        Rows of `references` (n,), and their Euclidean distances (n,): infinite where all references are of
        the query's own work.
    """
    codes = pd.factorize(np.concatenate([query_works, reference_works]))[0]
    own, theirs = codes[: len(queries)], codes[len(queries) :]
    centre = references.mean(axis=0, dtype=np.float64)  # about which small differences keep their digits
    queries, references = queries - centre, references - centre
    lengths = np.square(references).sum(axis=1)
    nearest = np.zeros(len(queries), dtype=np.int64)
    distance = np.full(len(queries), np.inf)
    for start in range(0, len(queries), BLOCK):
        rows = slice(start, min(start + BLOCK, len(queries)))
        # Squared distances less the query's own squared length, which does not change their order.
        compared = lengths - 2 * queries[rows] @ references.T
        compared[own[rows, None] == theirs] = np.inf
        nearest[rows] = compared.argmin(axis=1)
        finite = np.isfinite(compared.min(axis=1))
        exact = np.linalg.norm(queries[rows] - references[nearest[rows]], axis=1)
        distance[rows] = np.where(finite, exact, np.inf)
    return nearest, distance
