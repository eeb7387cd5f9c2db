"""A page as a session at a terminal: its shell blocks are run in order, its titled blocks become files.

    ```python title="make_music.py"      becomes the file make_music.py
    ```console                           lines with `$ ` are run, the lines below are what they print

Outputs are compared as words: figures, hashes, table frames and spaces may differ, `…` stands for anything.
Lines that say how far a command is are left out, since they come after so many seconds.
Where a command prints something else on purpose, `REWRITE_PAGES=1 pytest -m slow tests/docs` writes it into
the page: look at the difference before you commit it.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRESS = re.compile(r"^\w+: \d+/\d+ \w+[, ].*\n", re.MULTILINE)
TITLE = re.compile(r'title="([^"]+)"')
CHECKOUT = (".dvc/config", ".dvcignore", ".gitignore", "dvc.yaml", "overrides.yaml", "pyproject.toml")
CHECKOUT_FOLDERS = ("conf", "data/corpora", "stages", "src")
LEFT_ALONE = (
    "MLFLOW",
    "EARMARK",
    "AWS",
    "DVC",
)  # variables that would lead to servers and stores of the user's


@dataclass
class Command:
    """What is typed, and what is shown below it."""

    typed: str
    shown: str = ""


@dataclass
class Step:
    """A block: a file to be written, or commands to be run."""

    file: str = ""
    text: str = ""
    commands: list = field(default_factory=list)


def steps(page):
    """The blocks of a page that a reader acts upon, in order."""
    for language, info, text in FENCE.findall(page):
        if title := TITLE.search(info):
            yield Step(file=title[1], text=text)
        elif language == "console":
            yield Step(commands=typed_in(text))


def typed_in(block):
    """Commands of a console block; a line that ends with a backslash or a pipe goes on."""
    commands, continues = [], False
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:]))
        elif continues:
            commands[-1].typed += "\n" + line
        else:
            commands[-1].shown += line + "\n"
        continues = (line.startswith("$ ") or continues) and line.endswith(("\\", "|"))
    return commands


def words(text):
    """A text without what may differ: colours, frames of tables, hashes, figures, spaces."""
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    text = re.sub(r"[─-╿█-▏]+", " ", text)
    text = re.sub(r"\b[0-9a-f]{8,40}\b", "0", text)  # hashes, also those of letters alone
    text = re.sub(r"\d+(?:[.,:-]\d+)*", "0", text)
    return " ".join(text.split())


def agrees(shown, printed):
    """Whether what is shown says what was printed; `…` stands for anything."""
    pattern = r"\s*.*?\s*".join(re.escape(words(part)) for part in shown.split("…"))
    return re.fullmatch(pattern, words(PROGRESS.sub("", printed)), re.DOTALL) is not None


class Session:
    """A shell in a folder.

    Attributes:
        folder: Where files are written and commands run.
    """

    def __init__(self, folder, source):
        self.folder = folder
        kept = {key: value for key, value in os.environ.items() if not key.startswith(LEFT_ALONE)}
        self._environment = {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(source),
            "COLUMNS": "100",
            "HOME": str(folder),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
        }

    def run(self, typed):
        """What a command prints, both streams."""
        done = subprocess.run(
            ["bash", "-c", typed],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"$ {typed}\n{done.stdout}"
        return done.stdout

    def follow(self, page):
        """Do all that a page says, and compare what it shows; with REWRITE_PAGES write what is printed."""
        for step in steps(page.read_text(encoding="utf-8")):
            if step.file:
                (self.folder / step.file).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / step.file).write_text(step.text, encoding="utf-8")
            for command in step.commands:
                printed = self.run(command.typed)
                if os.environ.get("REWRITE_PAGES") and not agrees(command.shown, printed):
                    self._rewrite(page, command, printed)
                    continue
                assert agrees(command.shown, printed), (
                    f"$ {command.typed}\n--- shown\n{command.shown}\n--- printed\n{printed}"
                )

    def _rewrite(self, page, command, printed):
        """Put what a command printed below it, without colours, progress and the folder's path."""
        printed = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", printed).replace(f"{self.folder}/", "…/")
        printed = PROGRESS.sub("", printed)
        lines = "\n".join(line.rstrip() for line in printed.strip("\n").splitlines())
        text = page.read_text(encoding="utf-8")
        before, after = (
            f"$ {command.typed}\n{shown}" for shown in (command.shown, f"{lines}\n" if lines else "")
        )
        page.write_text(text.replace(before, after, 1), encoding="utf-8")


def copy_checkout(folder):
    """A checkout with the pipeline, as a commit of its own."""
    for name in CHECKOUT_FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(PROJECT / name, folder / name, symlinks=True, ignore=ignored)
    for name in CHECKOUT:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, folder / name)
    (folder / "data" / "source").write_text("default\n")
    git = ("git", "-c", "user.name=n", "-c", "user.email=e@x")
    for words_typed in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "begin")):
        subprocess.run([*git, *words_typed], cwd=folder, check=True)


@pytest.fixture
def empty_folder(tmp_path):
    """A session in an empty folder, where earmark is installed."""
    return Session(tmp_path, PROJECT / "src")


@pytest.fixture
def checkout(tmp_path):
    """A session in a copy of this checkout."""
    copy_checkout(tmp_path)
    return Session(tmp_path, tmp_path / "src")
