"""Timbre of a clip as one Gaussian of its cepstra: mean and covariance, as its embedding; nothing is learned.

References:
    M. Mandel and D. Ellis, Song-level features and support vector machines for music classification, ISMIR,
        2005: a Gaussian of MFCC tells artists apart.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


class TimbreStatistics(nn.Module):
    """Mean and covariance over time of the cepstral coefficients of a clip of a mel spectrogram in dB.

    A decision that weighs dimensions has to follow: `decision=discriminant`.

    Args:
        channels: Channels of the input; their mean is taken.
        bands: Bands of the input.
        frames: Frames of the input; the statistics do not depend on it.
        coefficients: Cepstral coefficients that are kept, the mean level included.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: There are fewer bands than coefficients.
    """

    gives = "embeddings"
    clip_by_clip = True

    transform: torch.Tensor

    def __init__(self, channels: int, bands: int, frames: int, coefficients: int) -> None:
        super().__init__()
        if not 2 <= coefficients <= bands:
            raise ValueError(f"model.coefficients={coefficients} must lie within 2 and the {bands} bands")
        # The orthonormal DCT-II; computed on the CPU, also where a model is checked without memory.
        place = np.pi / bands * (np.arange(bands) + 0.5)
        rows = np.sqrt(2 / bands) * np.cos(np.arange(coefficients)[:, None] * place)
        rows[0] /= np.sqrt(2)
        self.register_buffer("transform", torch.tensor(rows, dtype=torch.float32))

    def summarise(self, clips: torch.Tensor) -> torch.Tensor:
        """Mean, then the upper triangle of the covariance, of clips (n, channels, bands, frames)."""
        cepstra = self.transform @ clips.float().mean(dim=1)
        mean = cepstra.mean(dim=-1)
        centred = cepstra - mean[..., None]
        covariance = centred @ centred.transpose(1, 2) / clips.shape[-1]
        row, column = torch.triu_indices(len(self.transform), len(self.transform)).unbind()
        return torch.cat([mean, covariance[:, row, column]], dim=1)

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Learn nothing."""

    def scores(self, summaries: torch.Tensor) -> torch.Tensor:
        """Return the summaries (n, dimensions) as they are: they are the embeddings."""
        return summaries

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Embeddings (batch, dimensions) of clips (batch, channels, bands, frames)."""
        return self.summarise(clips)
