"""Ranges of the settings of how music becomes features: of a config, and of a bundle that somebody made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from earmark.foundation.errors import EarmarkError
from earmark.music.recordings.audio import HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from earmark.music.synthesis.synth import HIGHEST_RATE_HZ as HIGHEST_SYNTH_HZ
from earmark.music.synthesis.synth import LOWEST_RATE_HZ as LOWEST_SYNTH_HZ

CHOICES: dict[str, tuple[Any, ...]] = {
    "render.instruments": ("original", "piano"),
    "midi.tempo": ("original", "normalised"),
    "audio.channels": (1, 2),
}
RANGES: dict[str, tuple[float, float, str]] = {
    "audio.sample_rate": (LOWEST_RATE_HZ, HIGHEST_RATE_HZ, " Hz"),
    "render.synth_rate": (LOWEST_SYNTH_HZ, HIGHEST_SYNTH_HZ, " Hz"),
    "midi.onset_rate_hz": (0.1, 100, " onsets a second"),
    "render.gain": (0, 10, ""),
    "render.max_seconds": (0, 86_400, " s (0: no limit)"),
    "render.tail_s": (0, 60, " s"),
    "dataset.clip_s": (0.5, 3600, " s"),
    "dataset.training_hop_s": (0, 3600, " s"),
    "dataset.evaluation_hop_s": (0.01, 3600, " s"),
    "dataset.evaluation_max_clips": (0, 1e9, " (0: no limit)"),
    "dataset.validation_max_clips": (0, 1e9, " (0: no limit)"),
    "dataset.max_gain_db": (0, 60, " dB"),
    "dataset.max_band_shift": (0, 10_000, " bands"),
    "dataset.max_masked_bands": (0, 10_000, " bands"),
    "dataset.max_transposition": (0, 11, " semitones"),
}
"""Lowest and highest value with its unit, by section and setting."""


def check_ranges(section: str, values: Mapping[str, Any]) -> None:
    """Check the settings of a section.

    Args:
        section: `audio`, `midi`, `render` or `dataset`.
        values: Its settings, of their types.

    Raises:
        EarmarkError: One of them lies out of its range, or is none of the words that it may be.
    """
    for name, value in values.items():
        setting = f"{section}.{name}"
        if setting in CHOICES and value not in CHOICES[setting]:
            raise EarmarkError(f"{setting}={value}: must be one of {', '.join(map(str, CHOICES[setting]))}")
        if setting in RANGES:
            low, high, unit = RANGES[setting]
            if not low <= value <= high:
                raise EarmarkError(f"{setting}={value:g}: must lie within {low:g} and {high:g}{unit}")
