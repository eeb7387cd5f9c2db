"""Values that cannot work together, reported in one line before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from earmark import evaluation  # noqa: F401  (a config chooses among its members)
from earmark.foundation.errors import EarmarkError
from earmark.foundation.targets import build, kind_of
from earmark.foundation.workspace import Workspace
from earmark.music.ranges import check_ranges
from earmark.music.sources.labels import Merge
from earmark.pipeline.settings.schema import Config
from earmark.store.remote import Remote


def check(config: Config, learns: bool = True) -> None:
    """Raise EarmarkError for values that cannot work together, before anything is computed.

    learns: whether a model will be trained. What only that uses is not looked at otherwise: building it
    takes torch and seconds, and a run that ends with features has no model.
    """
    _check_sound(config)
    if learns:
        _check_learning(config)


def _among(name: str, value: Any, allowed: Sequence[Any]) -> None:
    if value not in allowed:
        raise EarmarkError(f"{name}={value}: must be one of {', '.join(map(str, allowed))}")


def _within(name: str, value: float, low: float, high: float, unit: str = "") -> None:
    if not low <= value <= high:
        raise EarmarkError(f"{name}={value:g}: must lie within {low:g} and {high:g}{unit}")


def _check_sound(config: Config) -> None:
    """What the stages up to `split` use."""
    for section in ("render", "midi", "audio"):
        check_ranges(section, vars(getattr(config, section)))
    _within("split.folds", config.split.folds, 2, 1000)
    _within("split.fold", config.split.fold, 0, config.split.folds - 1)
    _within("data.min_confidence", config.data.min_confidence, 0, 1)
    _within("data.min_works", config.data.min_works, 0, 10**9)
    Merge.of(config.data.merge)
    try:
        config.renderings.check()
    except ValueError as error:
        raise EarmarkError(str(error)) from error
    build(config.executor, "executor")
    kind_of(config.features, "features")
    front_end = build(config.features, "features")
    try:
        front_end.check(config.audio.sample_rate)
        front_end.channels(config.audio.channels)
    except ValueError as error:
        raise EarmarkError(str(error)) from error
    if config.store.url:
        Remote(config.store.url).check()


def _check_learning(config: Config) -> None:
    """What `train` and `evaluate` use."""
    from earmark.learning.assembly import check_parts
    from earmark.learning.dataset.resident import CHOICES
    from earmark.learning.dataset.transpose import Transposition
    from earmark.learning.devices import check_devices

    check_ranges("dataset", vars(config.dataset))
    _within("trainer.threads", config.trainer.threads, 1, 4096)
    _within("trainer.patience", config.trainer.patience, 0, 1e9, " epochs")
    _within("trainer.num_nodes", config.trainer.num_nodes, 1, 100_000)
    _within("trainer.features_memory_share", config.trainer.features_memory_share, 0, 1)
    _among("trainer.accelerator", config.trainer.accelerator, ("auto", "cpu", "gpu", "cuda", "mps", "tpu"))
    _among("trainer.keep", config.trainer.keep, ("best", "last"))
    _among("trainer.features_on_device", config.trainer.features_on_device, CHOICES)
    if 0 in (config.trainer.max_epochs, config.trainer.max_steps):
        name = "trainer.max_epochs" if config.trainer.max_epochs == 0 else "trainer.max_steps"
        raise EarmarkError(f"{name}=0: nothing would be learned; -1 is for no bound")
    _within("evaluate.resamples", config.evaluate.resamples, 0, 1e9)
    _among("tracking.log_bundle", config.tracking.log_bundle, ("best", "all", "none"))
    check_devices(config.trainer)
    _check_optimizer(config.trainer.optimizer)
    for name, node in config.evaluate.sections.items():
        kind_of(node, "evaluate.sections", f"evaluate.sections.{name}")
        build(node, f"evaluate.sections.{name}")
    recipe = config.recipe(Workspace.at(Path.cwd()))
    Transposition.of(config.dataset.max_transposition, recipe.front_end, config.data.labels)
    check_parts(config.parts(recipe), config.data.labels)
    start = config.model_init
    if start and not (Path(start) / "bundle.yaml").is_file():
        raise EarmarkError(f"model.init={start} is not a bundle: name the folder that holds bundle.yaml")


def _check_optimizer(node: Mapping[str, Any]) -> None:
    """Build it once, over nothing worth optimizing."""
    import torch

    build({**node, "params": [torch.zeros(1, requires_grad=True)]}, "trainer.optimizer")
