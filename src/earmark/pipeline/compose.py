"""Stage compose: `conf/` and `overrides.yaml` become `params.yaml`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.checks import check
from earmark.pipeline.settings.schema import Config

MARK = "# sha256 of what follows: "
HEADER = """\
# Composed from conf/ and overrides.yaml by the stage `compose`. Do not edit: put changes into
# overrides.yaml, for example `overrides: [experiment=composer, trainer.seed=2]`, then dvc repro.
"""


def run(config: Config, workspace: Workspace) -> None:
    """Check the composed config and write it. Raises EarmarkError."""
    check(config)
    write(config, workspace)


def write(config: Config, workspace: Workspace) -> None:
    """Write params.yaml unless somebody edited it by hand; raises EarmarkError naming the edited key."""
    body = OmegaConf.to_yaml(OmegaConf.create(config.as_dict()))
    refuse_edits(workspace.params, body)
    digest = hashlib.sha256(body.encode()).hexdigest()
    write_text(workspace.params, f"{HEADER}{MARK}{digest}\n{body}")
    say(f"compose: wrote {workspace.params.name}")


def refuse_edits(params: Path, fresh: str) -> None:
    """Raise EarmarkError where `params` is neither what was last written nor equal to `fresh`."""
    if not params.is_file():
        return
    text = params.read_text(encoding="utf-8")
    _head, mark, rest = text.partition(MARK)
    digest, _, body = rest.partition("\n")
    if mark and hashlib.sha256(body.encode()).hexdigest() == digest.strip():
        return
    try:
        edited = OmegaConf.to_container(OmegaConf.create(body if mark else text))
    except Exception as error:
        raise EarmarkError(
            f"{params.name} was edited and is no longer YAML: delete it, put changes into overrides.yaml"
        ) from error
    keys = _differences(edited or {}, OmegaConf.to_container(OmegaConf.create(fresh)))
    if keys:
        raise EarmarkError(
            f"{params.name} was edited by hand ({', '.join(keys[:3])}): put the change into overrides.yaml, "
            f"then `rm {params.name}` and dvc repro"
        )


def _differences(left: Any, right: Any, prefix: str = "") -> list[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        return [
            key
            for name in sorted({*left, *right}, key=str)
            for key in _differences(left.get(name), right.get(name), f"{prefix}.{name}".lstrip("."))
        ]
    return [] if left == right else [f"{prefix}={left}"]
