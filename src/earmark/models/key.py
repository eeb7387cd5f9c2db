"""A key network that is equivariant under transposition: what it learns of one tonic holds for all twelve."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

PITCH_CLASSES = 12
KEYS = 24  # C major, Db major, ... B major, C minor, Db minor, ... B minor


class KeyNet(nn.Module):
    """Convolutions over (pitch, time), fold to pitch classes, pool over time, one profile per mode.

    The pitch axis is circular: rotating the input by a semitone rotates the scores of either mode by one,
    whatever the weights. Every layer shares its weights along pitch, the fold takes maximum and mean over
    octaves, and the last layer correlates the twelve pitch classes with one learned profile per mode, rotated
    to each tonic. Each clip is standardised, so that scores do not depend on its loudness.

    Args:
        channels: Channels of the input: 1.
        bands: Bands of the input: whole octaves of pitch.
        frames: Frames of the input; layers do not depend on it.
        classes: Scores of the output: the 24 keys.
        bands_per_semitone: Bands of a semitone.
        lowest_pitch: MIDI pitch of the lowest band.
        width: Channels of the convolutions.
        profiles: Channels of the pitch classes that are correlated with the profiles.
        dropout: Share of the pooled channels that are dropped in training.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.

    Raises:
        ValueError: Where the input is not pitch-wise, or the classes are not the 24 keys.

    References:
        C. L. Krumhansl, Cognitive foundations of musical pitch, 1990: correlation with rotated key profiles.
        A. Elowsson and A. Friberg, Modeling music modality with a key-class invariant pitch chroma CNN,
            ISMIR, 2019: octaves folded inside a network.
    """

    gives = "scores"
    clip_by_clip = False

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        classes: int,
        bands_per_semitone: int,
        lowest_pitch: int,
        width: int,
        profiles: int,
        dropout: float,
    ) -> None:
        super().__init__()
        per_octave = PITCH_CLASSES * bands_per_semitone
        if bands_per_semitone < 1 or bands % per_octave:
            raise ValueError(
                f"the key network needs whole octaves of pitch-wise bands, not {bands} bands with "
                f"{bands_per_semitone} a semitone: features=pitch"
            )
        if channels != 1:
            raise ValueError(f"the key network needs 1 channel, not {channels}: audio.channels=1")
        if classes != KEYS:
            raise ValueError(f"the key network needs the 24 keys as its labels, not {classes}")
        self.first_class = lowest_pitch % PITCH_CLASSES
        size = 2 * bands_per_semitone + 1  # a semitone on either side
        # From bands to semitones at once: layers at full resolution would take most of the time.
        self.semitones = nn.Sequential(
            nn.Conv2d(1, width, (size, 5), (bands_per_semitone, 2), padding=(0, 2), bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        self.notes = nn.Sequential(
            nn.MaxPool2d((1, 2), ceil_mode=True),
            nn.Conv2d(width, width, 3, padding=(0, 1), bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        self.reaches = (bands_per_semitone, 1)  # rows of context of each on either side
        self.mix = nn.Sequential(
            nn.BatchNorm1d(4 * width),
            nn.Dropout1d(dropout),  # whole channels, so that all pitch classes are treated alike
            nn.Conv1d(4 * width, profiles, 1),
            nn.ReLU(),
        )
        self.modes = nn.Conv1d(profiles, 2, PITCH_CLASSES)  # major and minor

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Scores of the 24 keys for clips in dB.

        Args:
            clips: (batch, 1, bands, frames).

        Returns:
            (batch, 24): C major, Db major to B major, then C minor to B minor.
        """
        level = clips.mean(dim=(1, 2, 3), keepdim=True)
        deviation = clips.std(dim=(1, 2, 3), keepdim=True)
        maps = (clips - level) / (deviation + 1.0)  # 1 dB: silence is not amplified
        for layer, reach in zip((self.semitones, self.notes), self.reaches, strict=True):
            maps = layer(functional.pad(maps, (0, 0, reach, reach), mode="circular"))
        octaves = maps.unflatten(2, (-1, PITCH_CLASSES))
        classes = torch.cat([octaves.amax(dim=2), octaves.mean(dim=2)], dim=1)
        pooled = torch.cat([classes.mean(dim=-1), classes.std(dim=-1, unbiased=False)], dim=1)
        mixed = self.mix(pooled.roll(self.first_class, dims=-1))  # from here on, index 0 is C
        circular = functional.pad(mixed, (0, PITCH_CLASSES - 1), mode="circular")
        return self.modes(circular).flatten(1)
