"""What the files of a new project hold, those that say nothing of code."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from earmark.foundation.workspace import CATALOGUE
from earmark.music.sources.choice import DEFAULT_TEXT
from earmark.pipeline.project.pipeline_file import FILES, description, stages, text_of

DEFAULT_EXPERIMENT = "composer"
IGNORED = """\
.venv/
__pycache__/
.cache/
runs/
mlflow.db*
mlartifacts/
.mlflow.lock
/data/*
!/data/source
!/data/corpora
/models/
/plots/
dvc_plots/
"""
"""What git leaves out: DVC, the store and MLflow keep it."""

_SCRIPT = '''\
"""Stage {stage}: {description}.

python stages/{stage}.py [overrides]   the path up to here, through the store, below runs/
python stages/{stage}.py -m …          a sweep of it
"""

from earmark.experiments.launch import launch

if __name__ == "__main__":
    launch(__file__)
'''
_CHOICES = """\
# Choices of your own

`conf/model/mine.yaml` is chosen by `model=mine`, `conf/experiment/mine.yaml` by `experiment=mine`. Every
choice that earmark brings is there, too; a file of the same name here comes before it.
`python stages/train.py --help` lists all choices and the values in force, and `--info searchpath` says where
those of the package lie.
"""
_README = """\
# {title}

A project of earmark, which learns from a folder of labelled music to say
what an unknown file is. Its next three commands:

```console
{commands}
```

| here | is |
|---|---|
| `overrides.yaml` | settings: `overrides: [experiment={experiment}, trainer.seed=2]` |
| `conf/` | choices of your own; `python stages/train.py --help` lists all that there are |
| `data/source` | what is learned from; `earmark use` sets it |
| `dvc.yaml` | the pipeline, for `dvc repro` |
| `stages/` | its stages for the shell: `python stages/train.py split.fold=1`; sweeps: `-m split.fold=0,1` |
| `package.yaml`, `params.yaml`, `dvc.lock`, `metrics/` | what `dvc repro` writes; keep them in git |
| `data/`, `models/`, `plots/` | what it makes; DVC keeps that |
| `runs/`, `mlflow.db` | runs from the shell, and all runs: `earmark leaderboard`, `earmark ui` |

After an upgrade of earmark: `earmark init` here, which changes nothing that was edited, then `dvc repro`.
"""


def next_commands(experiment: str, example: bool) -> list[str]:
    """Three commands that lead from a new project to an answer.

    Args:
        experiment: The one that it is for.
        example: Whether it learns from earmark's own corpus.
    """
    label = experiment.partition("_")[0]
    use = f"earmark use ~/Music/{label}s   # a folder for each {label}, with its music in it"
    identify = "earmark identify song.mid"
    if example:
        return ["dvc repro", "earmark leaderboard", identify]
    return [use, "dvc repro", identify]


def project_files(title: str, experiment: str, example: bool) -> dict[str, str]:
    """The files of a new project and what they hold.

    Args:
        title: What its README is headed by.
        experiment: The experiment that overrides.yaml chooses.
        example: Whether it learns from earmark's own corpus.

    Returns:
        Texts by path, relative to the project.
    """
    commands = "\n".join(f"$ {command}" for command in next_commands(experiment, example))
    return {
        **{name: text_of(name) for name in FILES},
        **{f"stages/{name}.py": script(name) for name in stages()},
        "overrides.yaml": overrides_text([f"experiment={experiment}"]),
        "conf/README.md": _CHOICES,
        "data/source": DEFAULT_TEXT,
        ".dvcignore": (CATALOGUE / "dvcignore").read_text(encoding="utf-8"),
        ".gitignore": IGNORED,
        "README.md": _README.format(title=title, commands=commands, experiment=experiment),
    }


def script(stage: str) -> str:
    """The script of a stage, a Hydra application."""
    return _SCRIPT.format(stage=stage, description=description(stage))


def overrides_text(overrides: Sequence[str]) -> str:
    """What overrides.yaml holds."""
    listed = yaml.safe_dump({"overrides": list(overrides)}, default_flow_style=None, allow_unicode=True)
    return f"# This project's choices; shell runs apply them, too, before their own overrides.\n{listed}"
