"""From `conf/` and overrides to one typed config, by Hydra; a mistyped setting is reported in one line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
    ValidationError,
)

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import CATALOGUE
from earmark.pipeline.settings.quoting import in_shell, typed_override, typed_parts
from earmark.pipeline.settings.schema import Config


def register() -> None:
    """Make the schema known to Hydra as `schema`, and the catalogue; called before a config is composed."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Config)
    _search_catalogue()


@cache
def _search_catalogue() -> None:
    """Let Hydra look for choices in the package's catalogue where a project has none of that name.

    Hydra finds such plugins by itself, too, but would then search our catalogue in every application that is
    installed beside earmark.
    """
    from hydra.core.config_search_path import ConfigSearchPath
    from hydra.core.plugins import Plugins
    from hydra.plugins.search_path_plugin import SearchPathPlugin

    class CatalogueSearchPath(SearchPathPlugin):
        def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
            search_path.append("earmark", f"file://{CATALOGUE / 'conf'}")

    Plugins.instance().register(CatalogueSearchPath)


def workspace_overrides(file: Path) -> list[str]:
    """The overrides that `overrides.yaml` lists; none where the file is missing."""
    if not file.is_file():
        return []
    try:
        content: Any = OmegaConf.to_container(OmegaConf.load(file))
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


def refuse_without_key(overrides: Sequence[str]) -> None:
    """Refuse what Hydra would take for the choice of a group without a name. Raises EarmarkError."""
    for item in overrides:
        if re.match(r"[+~]*=", item):
            raise _unreadable(item)


def standing_overrides(base: Sequence[str], later: Sequence[str]) -> list[str]:
    """Those of `base` that `later` does not replace: Hydra refuses two choices of one group."""
    replaced = {override_key(item) for item in later if "=" in item or item.startswith("~")}
    return [item for item in base if override_key(item) not in replaced]


def compose(conf: Path, overrides: Sequence[str]) -> Config:
    """Compose the configuration with overrides.

    Args:
        conf: The project's folder of choices, which come before those of the package's catalogue.
        overrides: As on the command line.

    Raises:
        EarmarkError: It names the key that is wrong.
    """
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.errors import HydraException

    refuse_without_key(overrides)
    register()
    try:
        with initialize_config_dir(config_dir=str(conf.resolve()), version_base="1.3"):
            composed = hydra_compose("config", overrides=list(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        raise config_error(error) from error
    return typed(composed)


def typed(composed: DictConfig) -> Config:
    """What Hydra composed as a Config, interpolations resolved.

    Raises EarmarkError for a key that is no setting, or a value that is missing.
    """
    try:
        _refuse_unknown_keys(composed)
        whole = OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise config_error(error) from error
    assert isinstance(whole, Config)
    return whole


def _refuse_unknown_keys(composed: DictConfig) -> None:
    """Hydra's `+trainer.sed=1` adds what the schema does not know, and nothing would ever read it."""
    sections = {name: kind for name, kind in get_type_hints(Config).items() if is_dataclass(kind)}
    known = {"": {item.name for item in fields(Config)} | {"hydra"}}
    known |= {f"{name}.": {item.name for item in fields(kind)} for name, kind in sections.items()}
    for prefix, names in known.items():
        for key in composed[prefix.rstrip(".")] if prefix else composed:
            if key not in names:
                listed = ", ".join(sorted(names - {"hydra"}))
                raise EarmarkError(f"config: {prefix}{key} is not a setting (there are {listed})")


def config_error(error: Exception) -> EarmarkError:
    """One line about a config: ours for slips of the pen, else what Hydra or OmegaConf say."""
    from hydra.errors import MissingConfigException, OverrideParseException

    if isinstance(error, OverrideParseException):
        return _unreadable(error.override)
    cause = _located(error)
    key, around = getattr(cause, "full_key", None), getattr(cause, "parent_node", None)
    if isinstance(cause, (ConfigKeyError, ConfigAttributeError)) and isinstance(around, DictConfig):
        there = [str(name) for name in around if not str(name).startswith("_") and name != "hydra"]
        return _no_such("setting", str(key), str(cause.key), there)
    if isinstance(cause, ValidationError) and key:
        return EarmarkError(f"config: {key}={cause.value}: {str(cause.msg).splitlines()[0]}")
    if isinstance(error, MissingConfigException) and error.options and error.missing_cfg_file:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        return _no_such("choice", f"{group}={choice}", choice, list(error.options))
    if ambiguous := re.match(r"Ambiguous value for argument '(.*?)'\n", str(error), re.DOTALL):
        return _several_values(ambiguous[1])
    removed = re.match(r"Error merging override ~(\S+)", str(error))
    if removed:
        return EarmarkError(
            f"config: ~{removed[1]}: ~ removes a setting, and this one must be there: give it a value, "
            f"{removed[1].partition('=')[0]}=…"
        )
    if isinstance(cause, MissingMandatoryValue):
        return EarmarkError(f"config: {key} must be there: give it a value, {key}=…")
    lines = [str(error)] if cause is error else [str(error), str(cause)]
    text = " ".join(" ".join(lines).split())
    text = re.sub(r"Set the environment variable HYDRA_FULL_ERROR.*$", "", text)
    text = re.sub(r"To append to your config use \S+ ", "", text)  # the schema would refuse that, too
    override = getattr(error, "override", None)
    if override and override not in text:
        text = f"{override}: {text}"
    return EarmarkError(f"config: {text} (`python stages/train.py --help` lists what there is)")


def unreadable_yaml(error: Exception) -> EarmarkError:
    """One line about a file that is not YAML: which, where, what."""
    mark = getattr(error, "problem_mark", None)
    name, problem = Path(str(getattr(mark, "name", ""))).name, getattr(error, "problem", "")
    where = f"{name or 'a file of settings'}{f', line {mark.line + 1}' if mark else ''}"
    mend = "delete it and put changes into overrides.yaml" if name == "params.yaml" else "mend that line"
    return EarmarkError(f"config: {where} is not YAML ({problem or type(error).__name__}): {mend}")


def _located(error: Exception) -> Exception:
    """The exception of OmegaConf that knows its key: the error, or what caused it.

    Hydra wraps such an exception. OmegaConf chains one of its own, without a key, where a debugger or
    a measure of coverage traces the process.
    """
    for item in (error.__cause__, error):
        if isinstance(item, OmegaConfBaseException) and item.full_key is not None:
            return item
    return error


def _unreadable(override: str) -> EarmarkError:
    """An override that is not in Hydra's notation: how to type it."""
    key, equals, value = override.partition("=")
    if typed := typed_override(override):
        sweep = typed_parts(override) if "," in value else None
        several = f"; several values: {sweep}" if sweep and sweep != typed else ""
        return EarmarkError(
            f"config: {override}: a value with signs, quotes or letters like these is put into quotes, once "
            f"for Hydra and once for the shell: {typed}{several}"
        )
    if equals and value.lstrip().startswith("{"):
        group = key.lstrip("+").partition(".")[0]
        return EarmarkError(
            f"config: {override}: Hydra reads this from a file only: write it into conf/{group}/mine.yaml, "
            f"below `defaults: [CHOICE]`, and choose {group}=mine"
        )
    return EarmarkError(
        f"config: {override}: an override is KEY=VALUE without blanks around the =, and a key has Latin "
        "letters, digits, _ and dots: trainer.seed=1"
    )


def _several_values(override: str) -> EarmarkError:
    """Values with commas where one is wanted: what may have been meant."""
    key, _, value = override.partition("=")
    text = typed_override(override)
    meant = [f"one text, {text}", f"a list, {in_shell(f'{key}=[{value}]')}", "or a sweep, -m"]
    return EarmarkError(f"config: {override}: several values. Type {'; '.join(meant)}")


def _no_such(what: str, name: str, typed: str, there: list[str]) -> EarmarkError:
    meant = get_close_matches(typed, there, n=1)
    hint = f": did you mean {meant[0]}?" if meant else "."
    return EarmarkError(f"config: there is no {what} {name}{hint} What there is: {', '.join(there)}")
