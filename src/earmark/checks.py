"""Values that cannot work together, said in one line before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from earmark.audio import HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from earmark.config import Config, build, target_of
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

    _refuse_unknown_keys(cfg)
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
    within("dataset.clip_s", cfg.dataset.clip_s, 0.5, 3600, " s")
    within("dataset.classes_per_batch", cfg.dataset.classes_per_batch, 2, 10_000)
    within("dataset.works_per_class", cfg.dataset.works_per_class, 1, 10_000)
    within("dataset.clips_per_piece", cfg.dataset.clips_per_piece, 1, 10_000)
    within("dataset.batches_per_epoch", cfg.dataset.batches_per_epoch, 1, 1e9)
    within("trainer.threads", cfg.trainer.threads, 1, 4096)
    if 0 in (cfg.trainer.max_epochs, cfg.trainer.max_steps):
        name = "trainer.max_epochs" if cfg.trainer.max_epochs == 0 else "trainer.max_steps"
        raise EarmarkError(f"{name}=0: nothing would be learned; -1 is for no bound")
    within("evaluate.resamples", cfg.evaluate.resamples, 0, 1e9)
    for name in ("model", "objective", "trainer.optimizer"):  # what else these need, training knows
        target_of(OmegaConf.select(cfg, name), name)
    for name in ("decision", "executor"):
        build(cfg[name], name)
    front_end = build(cfg.features, "features")
    try:
        front_end.check(cfg.audio.sample_rate)
    except ValueError as error:
        raise EarmarkError(str(error)) from error


def _refuse_unknown_keys(cfg: Config | DictConfig) -> None:
    """Hydra's `+trainer.sed=1` adds what the schema does not know, and nothing would ever read it."""
    sections = fields(Config)
    typed = {item.name: item.default_factory for item in sections if is_dataclass(item.default_factory)}
    known = {"": {item.name for item in sections}}
    known |= {f"{name}.": {item.name for item in fields(kind)} for name, kind in typed.items()}
    for prefix, names in known.items():
        for key in cfg[prefix.rstrip(".")] if prefix else cfg:
            if key not in names:
                raise EarmarkError(
                    f"config: {prefix}{key} is not a setting (there are {', '.join(sorted(names))})"
                )
