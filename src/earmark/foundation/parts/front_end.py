"""What a front end must have: from sound to what a model sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import torch


class FrontEnd(Protocol):
    """From sound to what a model sees: a frozen dataclass whose fields are the settings.

    Its result is stored once for each piece, whole, as float16, under a key made of the sound, the settings
    and the code of the class. It raises PieceError where a piece cannot be transformed.
    """

    @property
    def in_decibels(self) -> bool:
        """Whether rows are neighbouring frequency bands in dB.

        Training clips may then be made louder, shifted by bands and masked.
        """
        ...

    @property
    def bands_per_semitone(self) -> int:
        """Bands by which a transposition of a semitone shifts the result; 0 where it is no shift."""
        ...

    @property
    def uses_torch(self) -> bool:
        """Whether the transform runs in torch, which is then held to one thread."""
        ...

    def check(self, sample_rate_hz: int) -> None:
        """Check the settings against a sampling rate.

        Raises:
            ValueError: They cannot work together.
        """
        ...

    def bands(self) -> int:
        """Rows of the result."""
        ...

    def channels(self, audio_channels: int) -> int:
        """Channels of the result for audio of 1 or 2 channels.

        Raises:
            ValueError: It cannot work with so many.
        """
        ...

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        ...

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray | torch.Tensor:
        """Transform a piece.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Samples per second.

        Returns:
            (channels, bands, frames).

        Raises:
            PieceError: This piece cannot be transformed.
        """
        ...
