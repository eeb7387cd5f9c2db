"""The typed schema of everything in `conf/`; see there for what each value means and where it comes from.

Sections whose node has a `_target_` (features, sampler, model, objective, decision, executor,
trainer.optimizer, the members of evaluate.sections) are open: the class that is named decides which
settings there are.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import MISSING, DictConfig

from earmark.foundation.workspace import Workspace
from earmark.learning.assembly import Parts
from earmark.learning.settings import TrainerSettings
from earmark.music.piece_checks.measurements import PieceLimits
from earmark.music.recipe import Recipe
from earmark.music.renderings import RenderingsSettings
from earmark.music.settings import AudioSettings, ClipSettings, HearingSettings, MidiSettings, RenderSettings
from earmark.music.sources.spelling import spelled
from earmark.music.splits import SplitSettings


def _open_mapping() -> Any:
    """An empty mapping to which `data.merge={classical: [concerto]}` may add keys that no schema knows."""
    return DictConfig({}, ref_type=dict[str, Any], is_optional=False, flags={"struct": False})


@dataclass
class DataSettings:
    """What to learn from while `data/source` says `default`, what labels say, and how files form works."""

    corpus: str
    question: str
    group_pattern: str = ""
    merge: dict[str, Any] = field(default_factory=_open_mapping)
    labels: list[str] = field(default_factory=list)
    min_confidence: float = 0.0
    min_works: int = 0

    def __post_init__(self) -> None:
        """Spell labels as those of catalogs are."""
        self.labels = [spelled(label) for label in self.labels]


@dataclass
class EvaluateSettings:
    """Intervals, the warning about the control, and the sections that an experiment adds."""

    resamples: int
    seed: int
    control_warning: float
    sections: dict[str, Any] = field(default_factory=dict)


@dataclass
class TrackingSettings:
    """What MLflow keeps, and in which experiment."""

    experiment: str
    log_bundle: str


@dataclass
class SweepSettings:
    """Whether a sweep goes on with the newest one of the same overrides."""

    resume: bool = False


@dataclass
class StoreSettings:
    """Where computed pieces are kept here, and where machines share them."""

    path: str
    url: str = ""


@dataclass
class Config:
    """One run, whole. MISSING: conf/ has the values."""

    data: DataSettings = MISSING
    midi: MidiSettings = MISSING
    render: RenderSettings = MISSING
    renderings: RenderingsSettings = MISSING
    audio: AudioSettings = MISSING
    validate: PieceLimits = MISSING
    features: dict[str, Any] = field(default_factory=dict)
    split: SplitSettings = MISSING
    dataset: ClipSettings = MISSING
    sampler: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    objective: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)
    trainer: TrainerSettings = MISSING
    evaluate: EvaluateSettings = MISSING
    tracking: TrackingSettings = MISSING
    executor: dict[str, Any] = field(default_factory=dict)
    store: StoreSettings = MISSING
    sweep: SweepSettings = MISSING

    @property
    def model_init(self) -> str:
        """The folder of the bundle that training starts from; "" for none."""
        named = str(self.model.get("init") or "")
        return str(Path(named).expanduser()) if named else ""

    def recipe(self, workspace: Workspace) -> Recipe:
        """How a piece is heard. A soundfont's relative path is looked for in the checkout."""
        hearing = HearingSettings(
            midi=self.midi,
            render=self.render,
            audio=self.audio,
            features=self.features,
            dataset=self.dataset,
            silence_db=self.validate.min_rms_db,
        )
        return Recipe(hearing, (workspace.project,))

    def parts(self, recipe: Recipe) -> Parts:
        """What a model is trained from and evaluated by."""
        model = {name: value for name, value in self.model.items() if name != "init"}
        return Parts(recipe, model, self.objective, self.sampler, self.decision)

    def as_dict(self) -> dict[str, Any]:
        """The whole config as dicts, lists and scalars."""
        return asdict(self)
