"""Values that cannot work together, said in one line before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from earmark import evaluation  # noqa: F401  (a config chooses among its members)
from earmark.foundation.errors import EarmarkError
from earmark.music.audio import HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from earmark.music.catalog import Merge
from earmark.music.synthesis.synth import HIGHEST_RATE_HZ as HIGHEST_SYNTH_HZ
from earmark.music.synthesis.synth import LOWEST_RATE_HZ as LOWEST_SYNTH_HZ
from earmark.pipeline.settings.config import Config, build, plain
from earmark.store.remote import Remote


def check(cfg: Config | DictConfig, learns: bool = True) -> None:
    """Raise EarmarkError for values that cannot work together, before anything is computed.

    learns: whether a model will be trained. What only that uses is not looked at otherwise: building it
    takes torch and seconds, and a run that ends with features has no model.
    """
    _refuse_unknown_keys(cfg)
    _check_sound(cfg)
    if learns:
        _check_learning(cfg)


def _among(name: str, value: Any, allowed: Sequence[Any]) -> None:
    if value not in allowed:
        raise EarmarkError(f"{name}={value}: must be one of {', '.join(map(str, allowed))}")


def _within(name: str, value: float, low: float, high: float, unit: str = "") -> None:
    if not low <= value <= high:
        raise EarmarkError(f"{name}={value:g}: must lie within {low:g} and {high:g}{unit}")


def _check_sound(cfg: Config | DictConfig) -> None:
    """What the stages up to `split` use."""
    _among("render.instruments", cfg.render.instruments, ("original", "piano"))
    _among("midi.tempo", cfg.midi.tempo, ("original", "normalised"))
    _among("audio.channels", cfg.audio.channels, (1, 2))
    _within("audio.sample_rate", cfg.audio.sample_rate, LOWEST_RATE_HZ, HIGHEST_RATE_HZ, " Hz")
    _within("render.synth_rate", cfg.render.synth_rate, LOWEST_SYNTH_HZ, HIGHEST_SYNTH_HZ, " Hz")
    _within("midi.onset_rate_hz", cfg.midi.onset_rate_hz, 0.1, 100, " onsets a second")
    _within("render.gain", cfg.render.gain, 0, 10)
    _within("render.max_seconds", cfg.render.max_seconds, 0, 86_400, " s (0: no limit)")
    _within("render.tail_s", cfg.render.tail_s, 0, 60, " s")
    _within("split.folds", cfg.split.folds, 2, 1000)
    _within("split.fold", cfg.split.fold, 0, cfg.split.folds - 1)
    _within("data.min_confidence", cfg.data.min_confidence, 0, 1)
    Merge.of(plain(cfg.data.merge))
    build(cfg.executor, "executor")
    front_end = build(cfg.features, "features")
    try:
        front_end.check(cfg.audio.sample_rate)
        front_end.channels(cfg.audio.channels)
    except ValueError as error:
        raise EarmarkError(str(error)) from error
    if cfg.store.url:
        Remote(cfg.store.url).check()


def _check_learning(cfg: Config | DictConfig) -> None:
    """What `train` and `evaluate` use."""
    from earmark.learning.dataset.resident import CHOICES
    from earmark.learning.dataset.transpose import Transposition
    from earmark.learning.devices import check_devices
    from earmark.pipeline.settings.assembly import check_assembly

    _within("dataset.clip_s", cfg.dataset.clip_s, 0.5, 3600, " s")
    _within("dataset.training_hop_s", cfg.dataset.training_hop_s, 0, 3600, " s")
    _within("dataset.evaluation_hop_s", cfg.dataset.evaluation_hop_s, 0.01, 3600, " s")
    _within("dataset.evaluation_max_clips", cfg.dataset.evaluation_max_clips, 0, 1e9, " (0: no limit)")
    _within("dataset.validation_max_clips", cfg.dataset.validation_max_clips, 0, 1e9, " (0: no limit)")
    _within("dataset.max_gain_db", cfg.dataset.max_gain_db, 0, 60, " dB")
    _within("dataset.max_band_shift", cfg.dataset.max_band_shift, 0, 10_000, " bands")
    _within("dataset.max_masked_bands", cfg.dataset.max_masked_bands, 0, 10_000, " bands")
    _within("dataset.max_transposition", cfg.dataset.max_transposition, 0, 11, " semitones")
    _within("trainer.threads", cfg.trainer.threads, 1, 4096)
    _within("trainer.patience", cfg.trainer.patience, 0, 1e9, " epochs")
    _within("trainer.num_nodes", cfg.trainer.num_nodes, 1, 100_000)
    _within("trainer.features_memory_share", cfg.trainer.features_memory_share, 0, 1)
    _among("trainer.accelerator", cfg.trainer.accelerator, ("auto", "cpu", "gpu", "cuda", "mps", "tpu"))
    _among("trainer.keep", cfg.trainer.keep, ("best", "last"))
    _among("trainer.features_on_device", cfg.trainer.features_on_device, CHOICES)
    if 0 in (cfg.trainer.max_epochs, cfg.trainer.max_steps):
        name = "trainer.max_epochs" if cfg.trainer.max_epochs == 0 else "trainer.max_steps"
        raise EarmarkError(f"{name}=0: nothing would be learned; -1 is for no bound")
    _within("evaluate.resamples", cfg.evaluate.resamples, 0, 1e9)
    _among("tracking.log_bundle", cfg.tracking.log_bundle, ("best", "all", "none"))
    check_devices(cfg.trainer)
    _check_optimizer(cfg.trainer.optimizer)
    build(cfg.decision, "decision")
    for name, node in cfg.evaluate.sections.items():
        build(node, f"evaluate.sections.{name}")
    Transposition.of(cfg.dataset.max_transposition, build(cfg.features, "features"), list(cfg.data.labels))
    check_assembly(cfg)
    start = cfg.model.get("init")
    if start and not (Path(start) / "bundle.yaml").is_file():
        raise EarmarkError(f"model.init={start} is not a bundle: name the folder that holds bundle.yaml")


def _check_optimizer(node: Any) -> None:
    """Build it once, over nothing worth optimizing."""
    import torch

    build({**plain(node), "params": [torch.zeros(1, requires_grad=True)]}, "trainer.optimizer")


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
