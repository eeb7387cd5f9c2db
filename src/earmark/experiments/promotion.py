"""Write a run's overrides into overrides.yaml, so that `dvc repro` rebuilds this run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from earmark.experiments.runs import Run, Runs
from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.config import compose, override_key, workspace_overrides
from earmark.pipeline.settings.without_effect import changes_results
from earmark.pipeline.tracking.provenance import data_hash
from earmark.pipeline.tracking.run_name import OVERRIDES_TAG
from earmark.pipeline.tracking.tracker import flattened

SHOWN = 10
# What decides which pieces come through to data/pieces.csv.
PIECES_SECTIONS = ("data", "midi", "render", "audio", "validate")


def find_run(wanted: str, runs: Sequence[Run]) -> Run:
    """The run of this id, of the only id that begins so, or of exactly this name.

    Args:
        wanted: An id, its beginning, or a name.
        runs: Those to choose from.

    Raises:
        EarmarkError: There is none or more than one, or it is a sweep's parent.
    """
    matches = [run for run in runs if run.run_id == wanted] or [run for run in runs if run.name == wanted]
    if not matches and wanted:
        matches = [run for run in runs if run.run_id.startswith(wanted.lower())]
    if not matches:
        raise EarmarkError(
            f"no run {wanted!r}: give an id (`earmark leaderboard` has them), its beginning, or a name"
        )
    if len(matches) > 1:
        raise EarmarkError(f"{len(matches)} runs are meant by {wanted!r}: {_named(matches)}; give an id")
    children = [run for run in runs if run.parent == matches[0].run_id]
    if children:
        raise EarmarkError(f"{wanted} is a sweep's parent; promote one of its runs: {_named(children)}")
    return matches[0]


def _named(runs: Sequence[Run]) -> str:
    named = [f"{run.run_id[:8]} ({run.experiment}: {run.name})" for run in runs[:SHOWN]]
    return ", ".join(named) + (f" and {len(runs) - SHOWN} more" if len(runs) > SHOWN else "")


def overrides_of(run: Run) -> list[str]:
    """The overrides that composed the run, without those that say how a sweep was run.

    Raises:
        EarmarkError: The run has no tag with its overrides.
    """
    try:
        overrides = json.loads(run.tags.get(OVERRIDES_TAG) or "")
    except ValueError:
        overrides = None
    if not isinstance(overrides, list) or not all(isinstance(item, str) for item in overrides):
        raise EarmarkError(
            f"run {run.run_id[:8]} ({run.name}) does not tell its overrides (tag {OVERRIDES_TAG}): it was "
            "made by an older earmark, or not by a stage script"
        )
    return [item for item in overrides if not override_key(item).startswith("sweep.")]


def doubts(
    run: Run, config: Mapping[str, Any] | None, composed: Mapping[str, Any], workspace: Workspace
) -> Iterator[str]:
    """Why `dvc repro` might not give the run again.

    Args:
        run: The run.
        config: The config that it ran with; None where that was not kept.
        composed: The config that its overrides give now.
        workspace: The checkout to compare with.

    Yields:
        A reason in one line.
    """
    if not run.finished:
        yield f"the run is {run.status.lower()}: {run.tags.get('earmark.error', 'it did not end well')}"
    if config is not None:
        yield from _config_changes(config, composed)
        yield from _data_changes(run, config, workspace)
    yield from _code_changes(run, workspace.project)


def _config_changes(config: Mapping[str, Any], composed: Mapping[str, Any]) -> Iterator[str]:
    then, now = flattened(config), flattened(composed)
    keys = [key for key in sorted({*then, *now}) if changes_results(key)]
    changed = [key for key in keys if then.get(key) != now.get(key)]
    if changed:
        named = ", ".join(f"{key} was {then.get(key)}, is {now.get(key)}" for key in changed[:3])
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        yield f"conf/ has changed since the run: {named}{more}"


def _data_changes(run: Run, config: Mapping[str, Any], workspace: Workspace) -> Iterator[str]:
    """Compare with data/, if that was made with the same settings."""
    then, _, then_split = run.tags.get("earmark.data", "").partition("-")
    if not then:
        return
    present = (
        yaml.safe_load(workspace.params.read_text(encoding="utf-8")) if workspace.params.is_file() else {}
    )
    same = all(config.get(name) == present.get(name) for name in PIECES_SECTIONS)
    if not (same and workspace.pieces.is_file() and workspace.splits.is_file()):
        yield (
            "whether the run learned from the same pieces shows only after dvc repro: data/ was made with "
            "other settings, or not yet"
        )
        return
    now, _, now_split = data_hash(workspace.pieces, workspace.splits).partition("-")
    if then != now:
        yield f"the run learned from other data: {then}, here is {now}"
    elif config.get("split") == present.get("split") and then_split != now_split:
        yield "the run learned from the same pieces, split in another way"


def _code_changes(run: Run, project: Path) -> Iterator[str]:
    commit = run.tags.get("mlflow.source.git.commit", "none")
    if commit == "none":
        yield "the run was made outside of git: with which code is not known"
        return
    if run.tags.get("earmark.git_dirty") == "true":
        yield f"the run was made with changes that were not in its commit {commit[:12]}"
    command = ["git", "diff", "-z", "--name-only", commit, "--"]
    command += ["src", "stages", "conf", "dvc.yaml", "package.yaml"]  # the last one in a project
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=20, check=True)
    except subprocess.CalledProcessError:
        yield f"the run's commit {commit[:12]} is not in this checkout"
        return
    except (OSError, subprocess.TimeoutExpired) as error:
        yield f"whether code changed since the run is not known: git did not answer ({describe(error)})"
        return
    changed = done.stdout.rstrip("\0").split("\0") if done.stdout else []
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        yield f"code or conf/ changed since the run's commit {commit[:12]}: {', '.join(changed[:3])}{more}"


def write_overrides(file: Path, overrides: Sequence[str]) -> None:
    """Write overrides.yaml in one step; comment lines at its top stay.

    Args:
        file: overrides.yaml; made where it is missing.
        overrides: What it lists afterwards.
    """
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    comments = []
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.lstrip().startswith("#"):
            break
        comments.append(line)
    # A list in one line while that is readable, else a line for each override.
    block = yaml.safe_dump({"overrides": list(overrides)}, width=float("inf"), allow_unicode=True)
    inline = yaml.safe_dump(
        {"overrides": list(overrides)}, default_flow_style=None, width=float("inf"), allow_unicode=True
    )
    write_text(file, "".join(comments) + (inline if len(inline) <= 110 else block))


def promote_run(wanted: str, workspace: Workspace) -> tuple[Run, list[str], list[str], list[str]]:
    """Write the run's overrides into overrides.yaml of the checkout.

    Args:
        wanted: The run: an id, its beginning, or a name.
        workspace: The checkout.

    Returns:
        The run, the overrides before and after, and why `dvc repro` might not give the run again.

    Raises:
        EarmarkError: There is no such run, or it cannot be promoted; nothing was written.
    """
    runs = Runs(workspace)
    run = find_run(wanted, runs.every())
    overrides, before = overrides_of(run), workspace_overrides(workspace.overrides)
    composed = compose(workspace.conf, overrides).as_dict()
    reasons = list(doubts(run, runs.config(run), composed, workspace))
    if overrides != before:
        write_overrides(workspace.overrides, overrides)
    return run, before, overrides, reasons
