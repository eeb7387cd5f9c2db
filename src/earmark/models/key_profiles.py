"""Key profiles that are learned: how often each degree of the scale begins and how long it sounds.

The 24 scores are one function of the pitch-class distribution seen from each of the twelve tonics: a
transposition of the music moves the answer by as much, whatever was learned, and each piece teaches all keys.
Where the pieces do not say otherwise the profiles are those that listeners rated: clean notes of MIDI would
teach to trust the absence of a degree, which no recording has.

References:
    C. L. Krumhansl, Cognitive foundations of musical pitch, 1990: correlation with rotated key profiles.
    D. Temperley, Music and probability, 2007: key profiles as probabilities of scale degrees.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from earmark.models.notes.passage import KEY_PROFILES

PITCH_CLASSES = 12
KEY_COUNT = 24  # C major, Db major, ... B major, C minor, Db minor, ... B minor
LOWEST_PITCH = 21  # MIDI number of the first row of `features=notes`: A0
SHARES = 2  # distributions: of onsets and of sounding time
MOST_ITERATIONS = 200
SMALLEST_SCALE, SMALLEST_MASS = 1e-3, 1e-9
LEARNED = ("mean", "scale", "weight", "bias")


class KeyProfiles:
    """A logistic regression over rotated pitch-class distributions of `features=notes`.

    Args:
        channels: Channels of the input: 2, onsets and sounding notes.
        bands: Bands of the input: 88 pitches.
        frames: Frames of the input; the distributions do not depend on it.
        classes: Scores of the output: the 24 keys.
        penalty: Of squared differences between the weights and those of the listeners, against the mean log
            loss.
        listeners: Length of the weights that listeners' ratings have, for each distribution; 0 for none.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: The input is not `features=notes`, or the classes are not the 24 keys.
    """

    gives = "scores"
    clip_by_clip = True

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        classes: int,
        penalty: float,
        listeners: float = 0.0,
    ) -> None:
        if (channels, bands) != (SHARES, 88):
            raise ValueError(
                f"key profiles need onsets and sounding notes of 88 pitches, not {channels} channels of "
                f"{bands} bands: features=notes"
            )
        if classes != KEY_COUNT:
            raise ValueError(f"key profiles need the 24 keys as their labels, not {classes}")
        if penalty <= 0:
            raise ValueError(f"model.penalty={penalty:g} must be above 0")
        if listeners < 0:
            raise ValueError(f"model.listeners={listeners:g} must be 0 or more")
        self.penalty, self.listeners = penalty, listeners
        size, modes = SHARES * PITCH_CLASSES, KEY_COUNT // PITCH_CLASSES
        self.mean, self.scale = np.zeros(size, np.float32), np.ones(size, np.float32)
        self.weight, self.bias = np.zeros((modes, size), np.float32), np.zeros(modes, np.float32)

    def summarise(self, clips: np.ndarray) -> np.ndarray:
        """Distributions (n, 24) of clips (n, 2, 88, frames): roots of the shares of C to B, twice."""
        mass = np.maximum(clips, 0, dtype=np.float32).sum(axis=-1)
        first = LOWEST_PITCH % PITCH_CLASSES
        rows = -(-(first + mass.shape[-1]) // PITCH_CLASSES) * PITCH_CLASSES
        padded = np.pad(mass, ((0, 0), (0, 0), (first, rows - first - mass.shape[-1])))
        classes = padded.reshape(*mass.shape[:2], -1, PITCH_CLASSES).sum(axis=-2)
        # The root makes Euclidean distances those of Hellinger: rare degrees count.
        shares = np.sqrt(classes / np.maximum(classes.sum(axis=-1, keepdims=True), SMALLEST_MASS))
        return shares.reshape(len(clips), -1)

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Fit both profiles; nothing is random.

        Args:
            summaries: (n, 24).
            classes: Numbers of the keys (n,).
            weights: Of the clips (n,).
            seed: Not used.
        """
        from scipy.optimize import minimize

        seen = _from_each_tonic(summaries.astype(np.float64))
        mean = seen.mean(axis=(0, 1))
        # One scale for all degrees: rare ones would weigh most on scales of their own.
        scale = np.full(seen.shape[-1], max(seen.std(), SMALLEST_SCALE))
        seen = (seen - mean) / scale
        rated = self.listeners * np.tile(KEY_PROFILES, SHARES)
        share = weights / weights.sum()
        shape = self.weight.shape

        def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
            weight, bias = values[: -shape[0]].reshape(shape), values[-shape[0] :]
            scores = _scores(seen, weight, bias)
            scores -= scores.max(axis=1, keepdims=True)
            log_sum = np.log(np.exp(scores).sum(axis=1))
            by_clip = log_sum - scores[np.arange(len(classes)), classes]
            excess = np.exp(scores - log_sum[:, None])
            excess[np.arange(len(classes)), classes] -= 1
            excess = (share[:, None] * excess).reshape(len(classes), *shape[:1], PITCH_CLASSES)
            to_weight = np.einsum("nmt,ntd->md", excess, seen) + 2 * self.penalty * (weight - rated)
            gradient = np.concatenate([to_weight.ravel(), excess.sum(axis=(0, 2))])
            return float(share @ by_clip + self.penalty * np.square(weight - rated).sum()), gradient

        start = np.append(rated, np.zeros(shape[0]))
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MOST_ITERATIONS}).x
        self.mean, self.scale = mean.astype(np.float32), scale.astype(np.float32)
        self.weight = found[: -shape[0]].reshape(shape).astype(np.float32)
        self.bias = found[-shape[0] :].astype(np.float32)

    def scores(self, summaries: np.ndarray) -> np.ndarray:
        """Scores (n, 24) for distributions (n, 24): C major to B major, then C minor to B minor."""
        return _scores((_from_each_tonic(summaries) - self.mean) / self.scale, self.weight, self.bias)

    def forward(self, clips: np.ndarray) -> np.ndarray:
        """Scores (batch, 24) of clips (batch, 2, 88, frames)."""
        return self.scores(self.summarise(clips))

    def arrays(self) -> dict[str, np.ndarray]:
        """Mean, scale, weight and bias, by name."""
        return {name: getattr(self, name) for name in LEARNED}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what was learned from `arrays`."""
        for name in LEARNED:
            setattr(self, name, arrays[name])


def _from_each_tonic(summaries: np.ndarray) -> np.ndarray:
    """Distributions (n, 24) rotated so that each of the twelve tonics comes first: (n, 12, 24)."""
    both = summaries.reshape(len(summaries), SHARES, PITCH_CLASSES)
    rotated = [np.roll(both, -tonic, axis=-1).reshape(len(both), -1) for tonic in range(PITCH_CLASSES)]
    return np.stack(rotated, axis=1)


def _scores(seen: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(n, 12, 24) by (2, 24) to (n, 24): the tonics in major, then in minor."""
    return (np.einsum("ntd,md->nmt", seen, weight) + bias[:, None]).reshape(len(seen), -1)
