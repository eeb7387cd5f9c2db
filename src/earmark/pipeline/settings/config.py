"""Typed schema of everything in `conf/`, and the way from YAML and overrides to one resolved config.

Groups whose node has a `_target_` (features, sampler, model, objective, decision, executor,
trainer.optimizer, the members of evaluate.sections) are open: the class that is named decides which
settings there are, and `build` says in one line which setting it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    OmegaConfBaseException,
    ValidationError,
)

from earmark.foundation.errors import EarmarkError

# Settings that lie in a class's node but are not the class's own: from which bundle to start a training.
BESIDE = {"model": ("init",)}


def _open_mapping() -> DictConfig:
    """An empty mapping to which `data.merge={classical: [concerto]}` may add keys that no schema knows."""
    return DictConfig({}, ref_type=dict[str, Any], is_optional=False, flags={"struct": False})


@dataclass
class DataConfig:
    """What to learn from while `data/source` says `default`, what labels say, and how files form works."""

    corpus: str = MISSING
    question: str = MISSING
    group_pattern: str = ""
    merge: dict[str, Any] = field(default_factory=_open_mapping)
    labels: list[str] = field(default_factory=list)
    min_confidence: float = 0.0


@dataclass
class MidiConfig:
    tempo: str = MISSING
    onset_rate_hz: float = MISSING


@dataclass
class RenderConfig:
    instruments: str = MISSING
    soundfont: str = MISSING
    synth_rate: int = MISSING
    gain: float = MISSING
    reverb: bool = MISSING
    chorus: bool = MISSING
    tail_s: float = MISSING
    max_seconds: float = MISSING


@dataclass
class AudioConfig:
    sample_rate: int = MISSING
    channels: int = MISSING


@dataclass
class ValidateConfig:
    min_duration_s: float = MISSING
    min_notes: int = MISSING
    min_rms_db: float = MISSING
    max_clipped_share: float = MISSING
    max_duration_error_s: float = MISSING


@dataclass
class SplitConfig:
    folds: int = MISSING
    fold: int = MISSING
    seed: int = MISSING


@dataclass
class DatasetConfig:
    clip_s: float = MISSING
    training_hop_s: float = MISSING
    evaluation_hop_s: float = MISSING
    evaluation_max_clips: int = MISSING
    validation_max_clips: int = MISSING
    max_gain_db: float = MISSING
    max_band_shift: int = MISSING
    max_masked_bands: int = MISSING
    max_transposition: int = MISSING


@dataclass
class TrainerConfig:
    accelerator: str = MISSING
    devices: Any = MISSING
    num_nodes: int = MISSING
    sync_batchnorm: bool = MISSING
    precision: str = MISSING
    compile: bool = MISSING
    features_on_device: Any = MISSING
    features_memory_share: float = MISSING
    max_epochs: int = MISSING
    max_steps: int = MISSING
    patience: int = MISSING
    keep: str = MISSING
    threads: int = MISSING
    seed: int = MISSING
    optimizer: dict[str, Any] = MISSING


@dataclass
class EvaluateConfig:
    resamples: int = MISSING
    seed: int = MISSING
    control_warning: float = MISSING
    sections: dict[str, Any] = field(default_factory=dict)


@dataclass
class TrackingConfig:
    experiment: str = MISSING
    log_bundle: str = MISSING


@dataclass
class SweepConfig:
    resume: bool = False


@dataclass
class StoreConfig:
    path: str = MISSING
    url: str = ""


@dataclass
class Config:
    """One run, whole. See `conf/` for what each value means and where it comes from."""

    data: DataConfig = field(default_factory=DataConfig)
    midi: MidiConfig = field(default_factory=MidiConfig)
    render: RenderConfig = field(default_factory=RenderConfig)
    audio: AudioConfig = field(default_factory=AudioConfig)
    validate: ValidateConfig = field(default_factory=ValidateConfig)
    features: dict[str, Any] = field(default_factory=dict)
    split: SplitConfig = field(default_factory=SplitConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    sampler: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    objective: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    executor: dict[str, Any] = field(default_factory=dict)
    store: StoreConfig = field(default_factory=StoreConfig)
    sweep: SweepConfig = field(default_factory=SweepConfig)


def register() -> None:
    """Make the schema known to Hydra as `schema`; called before a config is composed."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Config)


def workspace_overrides(file: Path) -> list[str]:
    """The overrides that `overrides.yaml` lists; none where the file is missing."""
    if not file.is_file():
        return []
    try:
        content = OmegaConf.to_container(OmegaConf.load(file))
    except Exception as error:
        raise EarmarkError(f"{file} is not YAML: {error}") from error
    content = content or {}
    sound = isinstance(content, dict) and set(content) <= {"overrides"}
    listed = content.get("overrides", []) if sound else None
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise EarmarkError(f"{file} must hold a list: overrides: [experiment=composer, trainer.seed=2]")
    return listed


def override_key(override: str) -> str:
    """What an override sets: `model` of `model=a`, `trainer.seed` of `++trainer.seed=1`."""
    return re.sub(r"^[+~]*", "", override.partition("=")[0])


def standing_overrides(base: Sequence[str], later: Sequence[str]) -> list[str]:
    """Those of `base` that `later` does not replace: Hydra refuses two choices of one group."""
    replaced = {override_key(item) for item in later if "=" in item or item.startswith("~")}
    return [item for item in base if override_key(item) not in replaced]


def compose(conf: Path, overrides: Sequence[str]) -> DictConfig:
    """Compose `conf/config.yaml` with overrides. Raises EarmarkError naming the key that is wrong."""
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.errors import HydraException

    register()
    try:
        with initialize_config_dir(config_dir=str(conf.resolve()), version_base="1.3"):
            return hydra_compose("config", overrides=list(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        raise config_error(error) from error


def config_error(error: Exception) -> EarmarkError:
    """One line about a config: ours for slips of the pen, else what Hydra or OmegaConf say."""
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    key, around = getattr(cause, "full_key", None), getattr(cause, "parent_node", None)
    if isinstance(cause, (ConfigKeyError, ConfigAttributeError)) and isinstance(around, DictConfig):
        there = [str(name) for name in around if not str(name).startswith("_") and name != "hydra"]
        return _no_such("setting", key, str(cause.key), there)
    if isinstance(cause, ValidationError) and key:
        return EarmarkError(f"config: {key}={cause.value}: {str(cause.msg).splitlines()[0]}")
    if getattr(error, "options", None) and getattr(error, "missing_cfg_file", None):
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        return _no_such("choice", f"{group}={choice}", choice, list(error.options))
    lines = [str(error)] if cause is error else [str(error), str(cause)]
    text = " ".join(" ".join(lines).split())
    text = re.sub(r"Set the environment variable HYDRA_FULL_ERROR.*$", "", text)
    text = re.sub(r"To append to your config use \S+ ", "", text)  # the schema would refuse that, too
    override = getattr(error, "override", None)
    if override and override not in text:
        text = f"{override}: {text}"
    return EarmarkError(f"config: {text} (see conf/ for what there is)")


def _no_such(what: str, name: str, typed: str, there: list[str]) -> EarmarkError:
    meant = get_close_matches(typed, there, n=1)
    hint = f": did you mean {meant[0]}?" if meant else "."
    return EarmarkError(f"config: there is no {what} {name}{hint} What there is: {', '.join(there)}")


def plain(node: Any) -> Any:
    """A config node as dicts, lists and scalars, interpolations resolved."""
    return OmegaConf.to_container(node, resolve=True, throw_on_missing=True)


def target_of(node: Any, name: str) -> Any:
    """The class that the node which `name` calls (for example `model`) has as `_target_`.

    Raises EarmarkError where it does not exist or does not know a setting of the node.
    """
    import inspect

    from hydra.errors import HydraException
    from hydra.utils import get_object

    target = node.get("_target_")
    if not target:
        raise EarmarkError(f"config: {name} has no _target_: which class is it?")
    try:
        found = get_object(target)
        accepted = inspect.signature(found).parameters
    except (HydraException, ValueError, TypeError, ImportError) as error:
        raise EarmarkError(f"config: {name}._target_ {target}: {error}") from error
    if not any(item.kind is item.VAR_KEYWORD for item in accepted.values()):
        for key in node:
            if not key.startswith("_") and key not in accepted and key not in BESIDE.get(name, ()):
                known = ", ".join(accepted)
                raise EarmarkError(f"config: {name}.{key} is not a setting of {target} (it has {known})")
    return found


def build(node: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Instantiate the node that `name` calls (for example `model`) from its `_target_`.

    Raises EarmarkError where the target does not exist or does not know a setting.
    """
    from hydra.errors import HydraException
    from hydra.utils import instantiate

    target_of(node, name)
    node = {key: value for key, value in node.items() if key not in BESIDE.get(name, ())}
    try:
        return instantiate(node, *args, _convert_="all", **kwargs)
    except HydraException as error:
        cause = error.__cause__ or error
        if isinstance(cause, EarmarkError):
            raise cause from error
        if isinstance(cause, (TypeError, ValueError)):
            raise EarmarkError(f"config: {name} ({node['_target_']}): {cause}") from error
        raise
