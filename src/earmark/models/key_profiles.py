"""Key profiles that are learned: how often each degree of the scale begins and how long it sounds.

The 24 scores are one function of the pitch-class distribution seen from each of the twelve tonics: a
transposition of the music moves the answer by as much, whatever was learned, and each piece teaches all keys.

References:
    C. L. Krumhansl, Cognitive foundations of musical pitch, 1990: correlation with rotated key profiles.
    D. Temperley, Music and probability, 2007: key profiles as probabilities of scale degrees.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

PITCH_CLASSES = 12
KEYS = 24  # C major, Db major, ... B major, C minor, Db minor, ... B minor
LOWEST_PITCH = 21  # MIDI number of the first row of `features=notes`: A0
SHARES = 2  # distributions: of onsets and of sounding time
MOST_ITERATIONS = 200
SMALLEST_SCALE = 1e-3


class KeyProfiles(nn.Module):
    """A logistic regression over rotated pitch-class distributions of `features=notes`.

    Args:
        channels: Channels of the input: 2, onsets and sounding notes.
        bands: Bands of the input: 88 pitches.
        frames: Frames of the input; the distributions do not depend on it.
        classes: Scores of the output: the 24 keys.
        penalty: Of the squared weights, against the mean log loss.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: The input is not `features=notes`, or the classes are not the 24 keys.
    """

    gives = "scores"
    clip_by_clip = True

    mean: torch.Tensor
    scale: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, channels: int, bands: int, frames: int, classes: int, penalty: float) -> None:
        super().__init__()
        if (channels, bands) != (SHARES, 88):
            raise ValueError(
                f"key profiles need onsets and sounding notes of 88 pitches, not {channels} channels of "
                f"{bands} bands: features=notes"
            )
        if classes != KEYS:
            raise ValueError(f"key profiles need the 24 keys as their labels, not {classes}")
        if penalty <= 0:
            raise ValueError(f"model.penalty={penalty:g} must be above 0")
        self.penalty = penalty
        size = SHARES * PITCH_CLASSES
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))
        self.register_buffer("weight", torch.zeros(KEYS // PITCH_CLASSES, size))
        self.register_buffer("bias", torch.zeros(KEYS // PITCH_CLASSES))

    def summarise(self, clips: torch.Tensor) -> torch.Tensor:
        """Distributions (n, 24) of clips (n, 2, 88, frames): roots of the shares of C to B, twice."""
        mass = clips.float().clamp_min(0).sum(dim=-1)
        first = LOWEST_PITCH % PITCH_CLASSES
        rows = -(-(first + mass.shape[-1]) // PITCH_CLASSES) * PITCH_CLASSES
        padded = nn.functional.pad(mass, (first, rows - first - mass.shape[-1]))
        classes = padded.unflatten(-1, (-1, PITCH_CLASSES)).sum(dim=-2)
        # The root makes Euclidean distances those of Hellinger: rare degrees count.
        return (classes / classes.sum(dim=-1, keepdim=True).clamp_min(1e-9)).sqrt().flatten(1)

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Fit both profiles; nothing is random.

        Args:
            summaries: (n, 24).
            classes: Numbers of the keys (n,).
            weights: Of the clips (n,).
            seed: Not used.
        """
        seen = self._from_each_tonic(torch.from_numpy(summaries).double())
        mean, scale = seen.mean(dim=(0, 1)), seen.std(dim=(0, 1)).clamp_min(SMALLEST_SCALE)
        seen, truth = (seen - mean) / scale, torch.from_numpy(classes)
        share = torch.from_numpy(weights).double() / float(weights.sum())
        weight = torch.zeros(self.weight.shape, dtype=torch.float64, requires_grad=True)
        bias = torch.zeros(self.bias.shape, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS([weight, bias], max_iter=MOST_ITERATIONS, line_search_fn="strong_wolfe")

        def loss() -> torch.Tensor:
            optimizer.zero_grad()
            by_clip = nn.functional.cross_entropy(_scores(seen, weight, bias), truth, reduction="none")
            value = (share * by_clip).sum() + self.penalty * weight.square().sum()
            value.backward()
            return value

        optimizer.step(loss)  # pyright: ignore[reportArgumentType]  (its stub asks for a float)
        for buffer, value in zip(
            (self.mean, self.scale, self.weight, self.bias), (mean, scale, weight, bias), strict=True
        ):
            buffer.copy_(value.detach().float())

    def scores(self, summaries: torch.Tensor) -> torch.Tensor:
        """Scores (n, 24) for distributions (n, 24): C major to B major, then C minor to B minor."""
        seen = (self._from_each_tonic(summaries) - self.mean) / self.scale
        return _scores(seen, self.weight, self.bias)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Scores (batch, 24) of clips (batch, 2, 88, frames)."""
        return self.scores(self.summarise(clips))

    @staticmethod
    def _from_each_tonic(summaries: torch.Tensor) -> torch.Tensor:
        """Distributions (n, 24) rotated so that each of the twelve tonics comes first: (n, 12, 24)."""
        both = summaries.unflatten(-1, (SHARES, PITCH_CLASSES))
        rotated = [both.roll(-tonic, dims=-1).flatten(1) for tonic in range(PITCH_CLASSES)]
        return torch.stack(rotated, dim=1)


def _scores(seen: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """(n, 12, 24) by (2, 24) to (n, 24): the tonics in major, then in minor."""
    return (torch.einsum("ntd,md->nmt", seen, weight) + bias[:, None]).flatten(1)
