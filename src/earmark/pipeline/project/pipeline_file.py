"""The `dvc.yaml` of a project: the stages of earmark's own, with `package.yaml` in place of the code."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from earmark.foundation.workspace import CATALOGUE

FILES = {"dvc.yaml": CATALOGUE / "pipeline.yaml", "optional/dvc.yaml": CATALOGUE / "optional.yaml"}
"""Those of a project, and what each is made from."""
MARK = "# sha256 of what follows: "
HEADER = """\
# The pipeline, as `earmark init` wrote it. What the stages do is code of the installed earmark: package.yaml
# has digests of it, and the first stage, which always runs, brings them up to date. As long as nobody edits
# this file, `earmark init` replaces it by that of a newer earmark.
"""
OF_THE_PACKAGE = ("src/", "data/corpora")
"""Deps that a checkout of earmark has and a project has not."""


def stages() -> tuple[str, ...]:
    """The stages of earmark, those that no other needs included."""
    return tuple(name for file in FILES.values() for name in _read(file)["stages"])


def description(stage: str) -> str:
    """What a stage does, in a few words."""
    (found,) = (_read(file)["stages"][stage] for file in FILES.values() if stage in _read(file)["stages"])
    return found["desc"]


def text_of(name: str) -> str:
    """What the file of a project holds.

    Args:
        name: `dvc.yaml` or `optional/dvc.yaml`.
    """
    original = _read(FILES[name])
    found = {stage: _for_project(stage, entry) for stage, entry in original["stages"].items()}
    if name == "dvc.yaml":
        found = {"package": _PACKAGE_STAGE, **found}
    body = yaml.safe_dump({**original, "stages": found}, sort_keys=False, width=110, allow_unicode=True)
    return f"{HEADER}{MARK}{_digest(body)}\n\n{body}"


def is_unedited(text: str) -> bool:
    """Whether a file of this kind is as some version of earmark wrote it."""
    _head, mark, rest = text.partition(MARK)
    digest, _, body = rest.partition("\n\n")
    return bool(mark) and digest == _digest(body)


def is_outdated(project: Path) -> bool:
    """Whether a project's pipeline is that of another version, and nobody has edited it."""
    files = {name: project / name for name in FILES}
    texts = {name: file.read_text(encoding="utf-8") for name, file in files.items() if file.is_file()}
    return any(text != text_of(name) and is_unedited(text) for name, text in texts.items())


_PACKAGE_STAGE: dict[str, Any] = {
    "desc": "which code of the installed earmark decides each result",
    "cmd": "python -m earmark.pipeline.project.package",
    "always_changed": True,
    "outs": [{"package.yaml": {"cache": False, "persist": True}}],
}


def _for_project(stage: str, entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with the digest of its code as a param, and without deps on the package's files."""
    deps = [dep for dep in entry["deps"] if not dep.startswith(OF_THE_PACKAGE)]
    changed = {"deps": deps, "params": [{"package.yaml": [stage]}, *entry.get("params", [])]}
    order = dict.fromkeys([*(name for name in entry if name not in ("outs", "metrics")), "params", *entry])
    return {name: changed.get(name, entry.get(name)) for name in order}


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


@cache
def _read(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))
