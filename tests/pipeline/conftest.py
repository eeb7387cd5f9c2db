"""A corpus that a test can afford, and one whole run on it."""

import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile

from earmark.foundation.workspace import Workspace
from earmark.music.sources.choice import use_csv
from earmark.pipeline import order as pipeline
from earmark.pipeline.settings.config import compose
from earmark.pipeline.settings.schema import Config

CONF = Path(__file__).parents[2] / "conf"
RATE_HZ = 8000
LABELS = {"Ash": (60, 2), "Birch": (52, 5), "Cedar": (71, 1)}  # lowest pitch, step of their scale
SMALL = (
    f"audio.sample_rate={RATE_HZ}",
    "render.synth_rate=8000",
    "features.n_fft=1024",
    "features.win_length=1024",
    "features.hop_length=512",
    "features.n_mels=32",
    "features.f_max_hz=4000",
    "dataset.clip_s=4",
    "dataset.evaluation_hop_s=4",
    "sampler.works_per_class=2",
    "sampler.batches_per_epoch=2",
    "dataset.max_masked_bands=4",
    "trainer=cpu",
    "trainer.max_epochs=2",
    "trainer.threads=1",
    "evaluate.resamples=50",
    "executor.workers=1",
)


def melody(lowest, step, seed, seconds=12.0):
    """(pitch, onset, end) of four notes a second, at random on a scale."""
    random = np.random.default_rng(seed)
    onsets = np.arange(0, seconds, 0.25)
    return [(lowest + step * int(random.integers(8)), onset, onset + 0.2) for onset in onsets]


def write_melody(path, notes):
    midi, piano = pretty_midi.PrettyMIDI(), pretty_midi.Instrument(program=40)
    piano.notes = [pretty_midi.Note(90, pitch, onset, end) for pitch, onset, end in notes]
    midi.instruments = [piano]
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.write(str(path))


def write_tones(path, notes, rate_hz=11025, peak=0.4):
    """The melody as sines: a recording of it."""
    sound = np.zeros(int(rate_hz * max(end for _, _, end in notes)))
    for pitch, onset, end in notes:
        time_s = np.arange(int(onset * rate_hz), int(end * rate_hz)) / rate_hz
        sound[int(onset * rate_hz) : int(end * rate_hz)] = np.sin(
            2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_s
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, peak * sound, rate_hz)


def write_corpus(folder):
    """Three labels of five works, some by strangers, two recordings, and what is not fit to learn from.

    Returns the rows of catalog.csv.
    """
    rows = []

    def add(name, label, group="", role="", write=write_melody, notes=None):
        write(folder / name, notes or melody(*LABELS.get(label, (45, 3)), seed=len(rows)))
        rows.append(f"{name},{label},{group},{role}")

    for label in LABELS:
        for work in range(1, 6):
            recorded = (label, work) in (("Ash", 5), ("Birch", 5))
            name = f"{label}/{work}.{'wav' if recorded else 'mid'}"
            add(name, label, f"{label} op. {work}", write=write_tones if recorded else write_melody)
    add("Ash/1b.mid", "Ash", "Ash op. 1")  # a second movement
    for number in range(3):
        add(f"calibration{number}.mid", "", role="unknown-calibration")
        add(f"stranger{number}.mid", "Who", role="unknown-test")
    twin = melody(60, 2, seed=99)
    add("Ash/twin.mid", "Ash", notes=twin)
    add("Birch/twin.mid", "Birch", notes=twin)
    add("Birch/silent.wav", "Birch", write=lambda path, notes: write_tones(path, notes, peak=0.0))
    with (folder / "Cedar" / "1.mid").open("ab") as damaged:  # events after the end of its last track
        damaged.write(b"MTrk\x00\x00\x00\x0c\x00\xff\x2f\x00\x00\x90\x45\x64\x60\x80\x45\x40")
    (folder / "Cedar" / "broken.mid").write_bytes(b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk garbage")
    rows += ["Cedar/broken.mid,Cedar,,", "Cedar/lost.mid,Cedar,,"]
    return rows


@pytest.fixture(scope="session")
def no_server():
    """No tracking server and no store of the user's, whatever the environment says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("EARMARK_STORE", raising=False)
        yield


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """The small corpus: a folder with catalog.csv."""
    music = tmp_path_factory.mktemp("music")
    (music / "catalog.csv").write_text("\n".join(["path,label,group,role", *write_corpus(music)]) + "\n")
    return music


@pytest.fixture(scope="session")
def settings():
    """Overrides under which the small corpus takes seconds."""
    return SMALL


@pytest.fixture(scope="session")
def project(tmp_path_factory, no_server, corpus):
    """A checkout of conf/ and a source, outside of git."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(CONF, folder / "conf")
    (folder / "overrides.yaml").write_text("overrides: []\n")
    (folder / "dvc.yaml").touch()
    use_csv(folder / "data" / "source", corpus / "catalog.csv")
    return folder


@pytest.fixture(scope="session")
def small(project):
    """A config that takes seconds, with further overrides."""
    return lambda *overrides: compose(project / "conf", [*SMALL, *overrides])


@pytest.fixture
def small_overrides():
    """The overrides behind `small`."""
    return list(SMALL)


@dataclass(frozen=True)
class FinishedRun:
    """A run to its end: its config, where its outputs lie, and the lines that it printed by stage."""

    config: Config
    workspace: Workspace
    lines: dict[str, list[str]]

    @property
    def root(self):
        return self.workspace.root


@pytest.fixture(scope="session")
def finished(project, small):
    """One whole run below runs/: its workspace, config, and the lines that it said by stage."""
    workspace = Workspace.at(project, project / "runs" / "one")
    config = small("store.path=store1")
    lines = defaultdict(list)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", lambda text="", **_: lines[text.partition(":")[0]].append(text))
        pipeline.run(config, workspace)
    return FinishedRun(config, workspace, dict(lines))
