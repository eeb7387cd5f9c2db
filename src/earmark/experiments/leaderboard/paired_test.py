"""Do two systems differ on the same test pieces? A sign-flip permutation test over works.

Where it makes no difference which of the two systems judged a work, their scores of it may be swapped
(approximate randomization: Noreen 1989; for scores of language systems Yeh, COLING 2000). A work's
pieces are not independent, so that a work is swapped whole (exchangeable blocks: Winkler et al., NeuroImage
2015). The p value is exact for up to 14 works on which the two differ; beyond it is drawn at random, the
observed case counted among the draws, so that it is never 0 (Phipson and Smyth 2010).

Several comparisons with one best: Holm's step-down adjustment (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

EXACT_BELOW = 15  # works that differ: 2 ** 14 cases
CHUNK = 1000


def sign_flip_test(difference: np.ndarray, works: Sequence[str], draws: int = 10_000, seed: int = 0) -> float:
    """The two-sided p value of the sum of `difference` (pieces,), signs flipped work by work.

    difference: by how much one system scores higher, times the piece's weight. 1.0 where none differs.
    """
    _, work = np.unique(np.asarray(works), return_inverse=True)
    by_work = np.bincount(work, np.asarray(difference, float)) if len(work) else np.zeros(0)
    by_work = by_work[np.abs(by_work) > 1e-12]
    observed = abs(by_work.sum()) - 1e-12  # equal sums may differ in their last digits
    count = len(by_work)
    if count == 0:
        return 1.0
    if count < EXACT_BELOW:
        signs = 1 - 2 * (np.arange(2**count)[:, None] >> np.arange(count) & 1)
        return float((np.abs(signs @ by_work) >= observed).mean())
    random = np.random.default_rng(seed)
    extreme = 0
    for start in range(0, draws, CHUNK):
        signs = random.integers(0, 2, (min(CHUNK, draws - start), count)) * 2 - 1
        extreme += int((np.abs(signs @ by_work) >= observed).sum())
    return (1 + extreme) / (1 + draws)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values, in the order given: each bounds the chance of any false difference."""
    order = np.argsort(p_values, kind="stable")
    adjusted, highest = [1.0] * len(order), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
