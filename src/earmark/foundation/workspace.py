"""Where things lie: one place for the paths that stages read and write.

A workspace has two roots. `project` is a folder that `earmark init` made, or the checkout of earmark
itself: it holds what to learn from (`data/source`) and the store. `root` is where outputs go: the
project itself for `dvc repro`, a folder under `runs/` for a run from the shell, so that a shell run
never touches DVC's outputs.

The choices and corpora of the package are in its catalogue; a project may have its own beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import EarmarkError

CATALOGUE = Path(__file__).resolve().parents[1] / "pipeline" / "catalogue"
"""What comes with the package: conf/, corpora/ and pipeline.yaml, the dvc.yaml of the checkout."""


@dataclass(frozen=True)
class Workspace:
    """The folders and files of one run.

    Attributes:
        project: The project, which has the inputs.
        root: The folder that takes the outputs.
    """

    project: Path
    root: Path

    @classmethod
    def at(cls, project: Path | str, root: Path | str | None = None) -> Workspace:
        """The workspace of a project, with outputs in `root` (default: in the project)."""
        project = Path(project).resolve()
        return cls(project=project, root=Path(root).resolve() if root else project)

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """The workspace of the project around `start` (default: the working directory).

        Raises:
            EarmarkError: Neither that folder nor a parent holds `dvc.yaml` and `conf/`.
        """
        here = Path(start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "dvc.yaml").is_file() and (folder / "conf").is_dir():
                return cls.at(folder)
        raise EarmarkError(
            f"{here} is not inside an earmark project: go to the folder with dvc.yaml and conf/, or make one "
            "with `earmark init`"
        )

    @property
    def conf(self) -> Path:
        """The project's own choices; those of the package stand behind them."""
        return self.project / "conf"

    @property
    def overrides(self) -> Path:
        """What the project changes of the configuration."""
        return self.project / "overrides.yaml"

    @property
    def source(self) -> Path:
        """The link to what to learn from, or the word `default`."""
        return self.project / "data" / "source"

    @property
    def corpora(self) -> Path:
        """The lists of the built-in corpora: the project's own where it has such a folder."""
        own = self.project / "data" / "corpora"
        return own if own.is_dir() else CATALOGUE / "corpora"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints of trainings that are not done, a folder each."""
        return self.project / ".training"

    @property
    def is_checkout(self) -> bool:
        """Whether outputs go to the project itself, where DVC looks after them."""
        return self.root == self.project

    @property
    def params(self) -> Path:
        """The composed configuration, which DVC compares."""
        return self.root / "params.yaml"

    @property
    def run_file(self) -> Path:
        """The record of a run from the shell; `dvc repro` writes none."""
        return self.root / "run.json"

    @property
    def data(self) -> Path:
        """The folder of tables and of files per piece."""
        return self.root / "data"

    @property
    def catalog(self) -> Path:
        """The table of all pieces, by `ingest`."""
        return self.data / "catalog.csv"

    @property
    def raw(self) -> Path:
        """MIDI files and recordings as they came, a file a piece."""
        return self.data / "raw"

    @property
    def audio(self) -> Path:
        """WAV files, a file a piece, by `render`."""
        return self.data / "audio"

    @property
    def audio_table(self) -> Path:
        """Digests of the WAV files."""
        return self.data / "audio.csv"

    @property
    def facts(self) -> Path:
        """What `validate` measured, a JSON file a piece."""
        return self.data / "facts"

    @property
    def facts_table(self) -> Path:
        """The same, a line a piece."""
        return self.data / "facts.jsonl"

    @property
    def pieces(self) -> Path:
        """The table of pieces that are sound, by `validate`."""
        return self.data / "pieces.csv"

    @property
    def quarantine(self) -> Path:
        """The table of pieces that are not, with reasons."""
        return self.data / "quarantine.csv"

    @property
    def features(self) -> Path:
        """What the front end makes, a file a piece, by `features`."""
        return self.data / "features"

    @property
    def features_table(self) -> Path:
        """Digests of the feature files."""
        return self.data / "features.csv"

    @property
    def embeddings(self) -> Path:
        """What the model gives for the clips of all pieces, by `train`."""
        return self.data / "embeddings.safetensors"

    @property
    def splits(self) -> Path:
        """The table of pieces with role and split, by `split`."""
        return self.data / "splits.csv"

    @property
    def verdicts(self) -> Path:
        """The table of answers, a row a piece, by `evaluate`."""
        return self.data / "verdicts.csv"

    @property
    def models(self) -> Path:
        """The folder of the bundle, by `train`."""
        return self.root / "models"

    @property
    def metrics(self) -> Path:
        """The folder of metrics, a JSON file a stage."""
        return self.root / "metrics"

    @property
    def plots(self) -> Path:
        """The folder of pictures and of the tables that they are drawn from."""
        return self.root / "plots"
