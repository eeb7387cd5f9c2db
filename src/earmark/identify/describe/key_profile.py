"""Key from the strength of the pitch classes, by Krumhansl and Kessler's profiles.

References:
    Krumhansl, C. L.: Cognitive Foundations of Musical Pitch, Oxford 1990, p. 30 and chapter 4.
"""

from __future__ import annotations

import numpy as np

# How well each pitch class fits a key, rated by listeners; the tonic first.
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
# Of two spellings the one with fewer accidentals.
MAJOR_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
KEYS = (*(f"{tonic} major" for tonic in MAJOR_TONICS), *(f"{tonic} minor" for tonic in MINOR_TONICS))


def key_of(chroma: np.ndarray) -> tuple[str, float] | None:
    """The key whose profile correlates best with the pitch classes.

    Args:
        chroma: Strength of each pitch class (12,), C first.

    Returns:
        One of KEYS and its correlation; None where all pitch classes are equally strong, as in silence.
    """
    spread = chroma - chroma.mean()
    length = np.linalg.norm(spread)
    if length < 1e-9:
        return None
    profiles = np.array([np.roll(mode, tonic) for mode in (MAJOR, MINOR) for tonic in range(12)])
    profiles -= profiles.mean(axis=1, keepdims=True)
    correlations = profiles @ spread / (np.linalg.norm(profiles, axis=1) * length)
    best = int(correlations.argmax())
    return KEYS[best], float(correlations[best])
