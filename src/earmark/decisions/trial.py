"""A decision that somebody else made, tried before it is believed: it must answer the clips it comes with."""

from __future__ import annotations

import numpy as np

from earmark.foundation.contracts import FittedDecision

CLIPS = 8
FAULTS = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)


def fault_of_decision(decision: FittedDecision, embeddings: np.ndarray) -> str:
    """What is wrong with a decision.

    Args:
        decision: As restored from its numbers and arrays.
        embeddings: What the model gave for clips (clips, dimensions), one or more.

    Returns:
        A phrase; "" where it answers with a label, a distance and probabilities for all its labels.
    """
    clips, count = embeddings[:CLIPS], len(decision.labels)
    try:
        with np.errstate(all="ignore"):
            found = decision.predict(clips)
            by_clip = decision.clip_probabilities(clips)
            whitened = decision.whitened(clips)
            if decision.dial is not None:
                decision.at("balanced")
                decision.dial.p_known(found.distance)
                decision.dial.percentile(found.distance)
    except FAULTS as error:
        return f"does not answer its own references ({type(error).__name__})"
    if by_clip.shape != (len(clips), count) or whitened.ndim != 2 or len(whitened) != len(clips):
        return "is not one for its labels and references"
    if found.probabilities.shape != (count,) or found.distances.shape != (count,):
        return "is not one for its labels"
    if not np.isfinite([found.distance, found.confidence, *found.probabilities]).all():
        return "answers with what is no number"
    return ""
