"""Where things lie: one place for the paths that stages read and write.

A workspace has two roots. `project` is the checkout: it holds what to learn from (`data/source`,
`data/corpora`) and the store. `root` is where outputs go: the checkout itself for `dvc repro`, a
folder under `runs/` for a run from the shell, so that a shell run never touches DVC's outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import EarmarkError


@dataclass(frozen=True)
class Workspace:
    """The folders and files of one run; `root` takes the outputs, `project` has the inputs."""

    project: Path
    root: Path

    @classmethod
    def at(cls, project: Path, root: Path | None = None) -> Workspace:
        project = Path(project).resolve()
        return cls(project=project, root=Path(root).resolve() if root else project)

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """The checkout around `start` (default: the working directory).

        Raises EarmarkError where neither it nor a parent holds `dvc.yaml` and `conf/`.
        """
        here = Path(start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "dvc.yaml").is_file() and (folder / "conf").is_dir():
                return cls.at(folder)
        raise EarmarkError(f"{here} is not inside an earmark checkout: go to the folder with dvc.yaml")

    @property
    def conf(self) -> Path:
        return self.project / "conf"

    @property
    def overrides(self) -> Path:
        return self.project / "overrides.yaml"

    @property
    def source(self) -> Path:
        return self.project / "data" / "source"

    @property
    def corpora(self) -> Path:
        return self.project / "data" / "corpora"

    @property
    def is_checkout(self) -> bool:
        """True where outputs go to the checkout itself, which is DVC's ground."""
        return self.root == self.project

    @property
    def params(self) -> Path:
        return self.root / "params.yaml"

    @property
    def run_file(self) -> Path:
        """The record of a run from the shell; `dvc repro` writes none."""
        return self.root / "run.json"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def catalog(self) -> Path:
        return self.data / "catalog.csv"

    @property
    def raw(self) -> Path:
        return self.data / "raw"

    @property
    def audio(self) -> Path:
        return self.data / "audio"

    @property
    def audio_table(self) -> Path:
        return self.data / "audio.csv"

    @property
    def facts(self) -> Path:
        return self.data / "facts"

    @property
    def facts_table(self) -> Path:
        return self.data / "facts.jsonl"

    @property
    def pieces(self) -> Path:
        return self.data / "pieces.csv"

    @property
    def quarantine(self) -> Path:
        return self.data / "quarantine.csv"

    @property
    def features(self) -> Path:
        return self.data / "features"

    @property
    def features_table(self) -> Path:
        return self.data / "features.csv"

    @property
    def embeddings(self) -> Path:
        return self.data / "embeddings.safetensors"

    @property
    def splits(self) -> Path:
        return self.data / "splits.csv"

    @property
    def verdicts(self) -> Path:
        return self.data / "verdicts.csv"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def metrics(self) -> Path:
        return self.root / "metrics"

    @property
    def plots(self) -> Path:
        return self.root / "plots"
