"""Timbre of a clip as one Gaussian of its cepstra, in a space where a radial kernel is a product.

References:
    M. Mandel and D. Ellis, Song-level features and support vector machines for music classification, ISMIR,
        2005: a Gaussian of MFCC under a radial kernel tells artists apart.
    A. Rahimi and B. Recht, Random features for large-scale kernel machines, NIPS, 2007: cosines of random
        frequencies, whose products approximate the kernel, so that a linear decision can follow.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

SMALLEST_SCALE = 1e-6  # of a dimension that hardly varies
KEPT = ("transform", "mean", "scale", "frequencies", "phases")


class TimbreStatistics:
    """Mean and covariance over time of the cepstral coefficients of a clip of a mel spectrogram in dB.

    They are standardised over the training clips, then mapped to random features of the radial kernel
    exp(-gamma |x - y|² / dimensions). A decision that weighs dimensions has to follow:
    `decision=discriminant`.

    Args:
        channels: Channels of the input; their mean is taken.
        bands: Bands of the input.
        frames: Frames of the input; the statistics do not depend on it.
        coefficients: Cepstral coefficients that are kept, the mean level included.
        kernel_features: Random features; 0 for mean and covariance as they are.
        kernel_gamma: gamma of the kernel.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: There are fewer bands than coefficients, or the kernel's settings cannot work.
    """

    gives = "embeddings"
    clip_by_clip = True

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        coefficients: int,
        kernel_features: int = 0,
        kernel_gamma: float = 1.0,
    ) -> None:
        if kernel_features < 0 or kernel_gamma <= 0:
            raise ValueError(
                f"model.kernel_features={kernel_features} must be 0 or more and "
                f"model.kernel_gamma={kernel_gamma:g} above 0"
            )
        if not 2 <= coefficients <= bands:
            raise ValueError(f"model.coefficients={coefficients} must lie within 2 and the {bands} bands")
        # The orthonormal DCT-II.
        place = np.pi / bands * (np.arange(bands) + 0.5)
        rows = np.sqrt(2 / bands) * np.cos(np.arange(coefficients)[:, None] * place)
        rows[0] /= np.sqrt(2)
        self.transform = rows.astype(np.float32)
        self.kernel_gamma = kernel_gamma
        dimensions = coefficients * (coefficients + 3) // 2
        self.mean, self.scale = np.zeros(dimensions, np.float32), np.ones(dimensions, np.float32)
        self.frequencies = np.zeros((dimensions, kernel_features), np.float32)
        self.phases = np.zeros(kernel_features, np.float32)

    def summarise(self, clips: np.ndarray) -> np.ndarray:
        """Mean, then the upper triangle of the covariance, of clips (n, channels, bands, frames)."""
        cepstra = self.transform @ clips.astype(np.float32).mean(axis=1)
        mean = cepstra.mean(axis=-1)
        centred = cepstra - mean[..., None]
        covariance = centred @ centred.swapaxes(1, 2) / clips.shape[-1]
        row, column = np.triu_indices(len(self.transform))
        return np.concatenate([mean, covariance[:, row, column]], axis=1)

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Learn mean and scale of the summaries (n, dimensions), and draw the kernel's frequencies.

        Args:
            summaries: Of the training clips.
            classes: Not used.
            weights: Of the clips (n,).
            seed: Of the frequencies.
        """
        if not len(self.phases):
            return
        mean = np.average(summaries, axis=0, weights=weights)
        deviation = np.sqrt(np.average(np.square(summaries - mean), axis=0, weights=weights))
        self.mean = mean.astype(np.float32)
        self.scale = np.maximum(deviation, SMALLEST_SCALE).astype(np.float32)
        random = np.random.default_rng(seed)
        # The kernel's spectrum is a Gaussian of variance 2 gamma.
        width = np.sqrt(2 * self.kernel_gamma / len(mean))
        self.frequencies = (width * random.standard_normal(self.frequencies.shape)).astype(np.float32)
        self.phases = random.uniform(0, 2 * np.pi, len(self.phases)).astype(np.float32)

    def scores(self, summaries: np.ndarray) -> np.ndarray:
        """Embeddings of summaries (n, dimensions): random features (n, kernel_features), if there are any."""
        if not len(self.phases):
            return summaries
        angles = (summaries - self.mean) / self.scale @ self.frequencies + self.phases
        return np.sqrt(np.float32(2 / len(self.phases))) * np.cos(angles)

    def forward(self, clips: np.ndarray) -> np.ndarray:
        """Embeddings (batch, dimensions) of clips (batch, channels, bands, frames)."""
        return self.scores(self.summarise(clips))

    def arrays(self) -> dict[str, np.ndarray]:
        """The transform, what was learned, and the kernel, by name."""
        return {name: getattr(self, name) for name in KEPT}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take them from `arrays`."""
        for name in KEPT:
            setattr(self, name, arrays[name])
