"""The reference of settings and of experiments, from conf/ and the typed schema."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import yaml

NO_CHOICE = {"experiment", "hydra"}  # folders of conf/ that are not a section of the settings


def settings(conf: Path) -> str:
    """The page of all sections: their settings with types, and every choice as its file has it."""
    from earmark.pipeline.settings.schema import Config

    defaults = _defaults(conf / "config.yaml")
    types = get_type_hints(Config)
    parts = [
        "# Settings\n\nMade from `conf/` and its schema. `SECTION=CHOICE` takes another file, "
        "`SECTION.SETTING=VALUE` changes a value, in `overrides.yaml` or behind "
        "`python stages/train.py`: [how](../settings.md). An [experiment](experiments.md) chooses for "
        "many sections at once.",
        "| section | choices, the default first |\n|---|---|\n"
        + "\n".join(
            f"| [`{name}`](#{name}) | {_choices(conf, name, defaults)} |" for name in _sections(conf)
        ),
    ]
    for name in _sections(conf):
        parts.append(f"## {name}")
        default = defaults.get(name, "")
        typed = types.get(name)
        if is_dataclass(typed) and (conf / name / f"{default}.yaml").is_file():
            parts.append(_table(typed, conf / name / f"{default}.yaml"))
        elif typed is not None:
            parts.append("Which settings there are is decided by the class that `_target_` names.")
        for choice in _files(conf / name, default):
            mark = " (default)" if choice.stem == default else ""
            parts.append(_folded(f"{name}={choice.stem}{mark}", choice.read_text(encoding="utf-8")))
    return "\n\n".join(parts) + "\n"


def experiments(conf: Path) -> str:
    """The page of experiments, each as its file has it."""
    parts = [
        "# Experiments\n\nMade from `conf/experiment/`. `overrides: [experiment=NAME]` in `overrides.yaml` "
        "and `dvc repro`, or `python stages/train.py experiment=NAME`. What each asks, and how well it "
        "answers: [Systems](../systems.md)."
    ]
    for file in sorted((conf / "experiment").glob("*.yaml")):
        parts.append(f"## {file.stem}\n\n```yaml\n{file.read_text(encoding='utf-8').strip()}\n```")
    return "\n\n".join(parts) + "\n"


def _sections(conf: Path) -> list[str]:
    return sorted(path.name for path in conf.iterdir() if path.is_dir() and path.name not in NO_CHOICE)


def _defaults(config: Path) -> dict[str, str]:
    """The default choice of each section."""
    listed = yaml.safe_load(config.read_text(encoding="utf-8"))["defaults"]
    return {name: choice for item in listed if isinstance(item, dict) for name, choice in item.items()}


def _files(folder: Path, default: str) -> list[Path]:
    """The choices of a section, the default first."""
    return sorted(folder.glob("*.yaml"), key=lambda file: (file.stem != default, file.stem))


def _choices(conf: Path, name: str, defaults: dict[str, str]) -> str:
    return ", ".join(f"`{file.stem}`" for file in _files(conf / name, defaults.get(name, "")))


def _folded(title: str, text: str) -> str:
    lines = ["```yaml", *text.strip().splitlines(), "```"]
    return f'??? example "{title}"\n\n' + "\n".join(f"    {line}".rstrip() for line in lines)


def _table(typed: Any, file: Path) -> str:
    """Settings of a section that the schema knows: type, default value, and the comment beside it."""
    text = file.read_text(encoding="utf-8")
    values = yaml.safe_load(text) or {}
    hints = get_type_hints(typed)
    rows = []
    for item in fields(typed):
        shown = (_type(hints[item.name]), _value(values.get(item.name, "")), _comment(text, item.name))
        rows.append(f"| `{item.name}` | `{shown[0]}` | {shown[1]} | {shown[2]} |")
    return "\n".join(["| setting | type | default | means |", "|---|---|---|---|", *rows])


def _type(hint: Any) -> str:
    return (hint.__name__ if isinstance(hint, type) else str(hint)).replace("typing.", "").replace("|", "\\|")


def _value(value: Any) -> str:
    shown = str(value)
    return f"`{shown}`".replace("|", "\\|") if shown else ""


def _comment(text: str, name: str) -> str:
    """What stands behind `#` on the line of a setting."""
    found = re.search(rf"^{re.escape(name)}:[^#\n]*#\s*(.*)$", text, re.MULTILINE)
    return found[1].replace("|", "\\|") if found else ""
