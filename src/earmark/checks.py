"""Values that cannot work together, said in one line before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig

from earmark.audio import HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from earmark.config import Config, build
from earmark.errors import EarmarkError
from earmark.render.synth import HIGHEST_RATE_HZ as HIGHEST_SYNTH_HZ
from earmark.render.synth import LOWEST_RATE_HZ as LOWEST_SYNTH_HZ


def check(cfg: Config | DictConfig) -> None:
    """Raise EarmarkError for values that cannot work together, before anything is computed."""

    def among(name: str, value: Any, allowed: Sequence[Any]) -> None:
        if value not in allowed:
            raise EarmarkError(f"{name}={value}: must be one of {', '.join(map(str, allowed))}")

    def within(name: str, value: float, low: float, high: float, unit: str = "") -> None:
        if not low <= value <= high:
            raise EarmarkError(f"{name}={value:g}: must lie within {low:g} and {high:g}{unit}")

    among("render.instruments", cfg.render.instruments, ("original", "piano"))
    among("midi.tempo", cfg.midi.tempo, ("original", "normalised"))
    among("audio.channels", cfg.audio.channels, (1, 2))
    within("audio.sample_rate", cfg.audio.sample_rate, LOWEST_RATE_HZ, HIGHEST_RATE_HZ, " Hz")
    within("render.synth_rate", cfg.render.synth_rate, LOWEST_SYNTH_HZ, HIGHEST_SYNTH_HZ, " Hz")
    within("midi.onset_rate_hz", cfg.midi.onset_rate_hz, 0.1, 100, " onsets a second")
    within("render.gain", cfg.render.gain, 0, 10)
    within("render.max_seconds", cfg.render.max_seconds, 0, 86_400, " s (0: no limit)")
    within("render.tail_s", cfg.render.tail_s, 0, 60, " s")
    within("split.folds", cfg.split.folds, 2, 1000)
    within("split.fold", cfg.split.fold, 0, cfg.split.folds - 1)
    within("dataset.clip_s", cfg.dataset.clip_s, 0.1, 3600, " s")
    within("trainer.threads", cfg.trainer.threads, 1, 4096)
    front_end = build(cfg.features, "features")
    try:
        front_end.check(cfg.audio.sample_rate)
    except ValueError as error:
        raise EarmarkError(str(error)) from error
