"""Detect steady sound, in which nothing begins or ends: noise of any colour, or a hum."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

BLOCK_S = 0.5  # s of a block in which bands are averaged to see whether anything changes
STEADY_DB = 1.0  # dB by which bands of music change from block to block, and those of mere noise do not


def is_steady(wav: Path) -> bool:
    """Tell whether a sound is the same all along: noise of any colour, or a hum.

    Music changes: in at least one of eight octave bands its level in half-second blocks varies by more
    than STEADY_DB beyond the random variation of noise. The measure is the interquartile range, so that
    fades at the ends do not count; the mean of n exponentially distributed powers has a standard
    deviation of 4.34 / √n dB.

    Args:
        wav: The sound, any rate and channels.

    Returns:
        False also for sound of less than four blocks, which is too short to tell.
    """
    import soundfile

    with soundfile.SoundFile(wav) as file:
        size = int(BLOCK_S * file.samplerate)
        window = np.hanning(size).astype(np.float32)
        edges = [(size // 2 + 1) >> step for step in range(8, -1, -1)]
        rows = []  # of bands alone: spectra of hours would fill the memory
        for block in file.blocks(size, dtype="float32", always_2d=True):
            if len(block) == size:
                power = np.abs(np.fft.rfft(block.mean(axis=1) * window)) ** 2
                rows.append([power[low:high].mean() for low, high in pairwise(edges)])
    if len(rows) < 4:
        return False
    bands = np.array(rows)
    loud = bands.mean(axis=0) > 1e-6 * bands.mean(axis=0).max()
    level = 10 * np.log10(bands[:, loud] + 1e-12)
    low, high = np.quantile(level, [0.25, 0.75], axis=0)
    # A window halves the number of independent bins; an interquartile range is 1.35 standard deviations.
    chance = 2 * 1.35 * 4.34 / np.sqrt(np.diff(edges)[loud] / 2)
    return bool((high - low < STEADY_DB + chance).all())
