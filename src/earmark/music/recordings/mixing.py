"""Channels of opposite phase, which cancel when they are mixed: found, and turned before they are added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

CANCELLED_DB = -10.0  # power of the mixture beside that of as many channels that have nothing in common


class ChannelProducts:
    """Sums of products of the channels of a sound, taken while its blocks pass.

    Attributes:
        samples: Samples of each channel until now.
    """

    def __init__(self) -> None:
        self.samples = 0
        self._products: np.ndarray | None = None

    def passing(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Pass on blocks (samples, channels) as they are."""
        for block in blocks:
            self.samples += len(block)
            if block.shape[1] > 1:
                wide = block.astype(np.float64)
                products = wide.T @ wide
                self._products = products if self._products is None else self._products + products
            yield block

    def signs(self) -> np.ndarray | None:
        """The signs to mix by, where the plain mixture loses the music.

        Returns:
            1 or -1 for each channel (channels,), float32; None where the plain mixture keeps it. They are
            those of the first principal component, 1 for the loudest channel.
        """
        if self._products is None or not np.isfinite(self._products).all():
            return None
        apart = float(np.trace(self._products))
        mixture = float(self._products.sum())
        if apart <= 0 or mixture > apart * 10 ** (CANCELLED_DB / 10):
            return None
        component = np.linalg.eigh(self._products)[1][:, -1]
        loudest = int(np.argmax(np.diag(self._products)))
        return np.where(component * component[loudest] < 0, -1, 1).astype(np.float32)
