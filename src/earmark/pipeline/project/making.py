"""Make a project, or bring one up to date: what is there stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import printable
from earmark.foundation.workspace import CATALOGUE
from earmark.pipeline.project.files import DEFAULT_EXPERIMENT, project_files
from earmark.pipeline.project.pipeline_file import FILES, is_unedited
from earmark.pipeline.project.versioning import add_versioning

MERGED = (".gitignore", ".dvcignore")
"""Files whose missing lines are added."""


@dataclass
class Made:
    """What was done in a project's folder.

    Attributes:
        written: Files that were not there.
        updated: Files of an earlier earmark that were replaced, or that lines were added to.
        kept: Files that were there and differ: they stay.
        remarks: What else the user should know, a line each.
        is_checkout: Whether the folder is a checkout of earmark itself, in which nothing is written.
    """

    written: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    is_checkout: bool = False


def experiments() -> list[str]:
    """The experiments that earmark brings."""
    return sorted(file.stem for file in (CATALOGUE / "conf" / "experiment").glob("*.yaml"))


def make_project(folder: Path, example: str = "", git: bool = True) -> Made:
    """Make a folder a project, with git and DVC in it where they are installed.

    Args:
        folder: The folder; made where it is missing.
        example: An experiment of earmark's own, with its corpus; "" for music of one's own.
        git: Whether a folder that is in no git repository becomes one.

    Raises:
        EarmarkError: The folder is another DVC project, cannot be written to, or has other overrides already.
    """
    if example and example not in experiments():
        raise EarmarkError(f"--example {example}: there is {', '.join(experiments())}")
    try:
        # Not resolved: a link stays what it is.
        folder = Path(folder).expanduser().absolute()
        if printable(folder) != str(folder):
            raise EarmarkError(f"{printable(folder)}: a project's path is of printable characters, in UTF-8")
        if (folder.exists() or folder.is_symlink()) and not folder.is_dir():
            raise EarmarkError(f"{printable(folder)} is no folder: name one, or a new one")
        _refuse_other_pipeline(folder / "dvc.yaml")
        made = Made(is_checkout=_is_checkout(folder))
        _refuse_other_example(folder / "overrides.yaml", example)
        if made.is_checkout:
            return made
        folder.mkdir(parents=True, exist_ok=True)
        title = folder.name or "music"
        files = project_files(title, example or DEFAULT_EXPERIMENT, bool(example))
        for name, text in files.items():
            _write(folder / name, name, text, made)
    except OSError as error:
        place = printable(error.filename or folder)
        raise EarmarkError(f"{place} cannot be written: {error.strerror or error}") from error
    added, remarks = add_versioning(folder, git)
    made.written += added
    made.remarks += remarks
    return made


def _refuse_other_pipeline(file: Path) -> None:
    """Refuse a folder whose dvc.yaml does not have the stages of earmark."""
    if not file.is_file():
        return
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        found = set(content.get("stages") or {})
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, TypeError):
        found = set()
    if not {"compose", "train", "evaluate"} <= found:
        raise EarmarkError(f"{printable(file)} is of another DVC project: choose another folder")


def _is_checkout(folder: Path) -> bool:
    """Whether a folder is a checkout of earmark, which is a project already."""
    return (folder / "src" / "earmark").is_dir() and (folder / "dvc.yaml").is_file()


def _refuse_other_example(file: Path, example: str) -> None:
    """Refuse to choose an example where overrides.yaml chooses something else."""
    if not example or not file.is_file():
        return
    try:
        there = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        there = None
    if there != {"overrides": [f"experiment={example}"]}:
        raise EarmarkError(
            f"{printable(file)} has other overrides already: for this example write "
            f"`overrides: [experiment={example}]` into it"
        )


def _write(file: Path, name: str, text: str, made: Made) -> None:
    """Write a file unless there is one; note what became of it."""
    if not file.exists() and not file.is_symlink():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
        made.written.append(name)
        return
    if name == "data/source" or not file.is_file():  # a link to music, or a folder of links
        return
    there = file.read_text(encoding="utf-8", errors="replace")
    if there == text:
        return
    if name in MERGED:
        if missing := [line for line in text.splitlines() if line not in there.splitlines()]:
            write_text(file, there.rstrip("\n") + "\n" + "\n".join(missing) + "\n")
            made.updated.append(name)
    elif name in FILES and is_unedited(there):
        write_text(file, text)
        made.updated.append(name)
    elif name not in ("README.md", "overrides.yaml"):  # these are the user's anyway
        made.kept.append(name)
