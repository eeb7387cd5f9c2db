"""A bundle with its evaluation, as a run leaves it, in seconds and without training."""

import json
import warnings
from pathlib import Path

import mido
import numpy as np
import pandas as pd
import pytest
import torch

from earmark.bundle import Bundle
from earmark.decisions.rejection import Rejection
from earmark.decisions.vote import FittedVote
from earmark.foundation.contracts import LabelledClips
from earmark.foundation.targets import build
from earmark.foundation.workspace import Workspace
from earmark.identify.identifier import Identifier
from earmark.identify.inputs import Target
from earmark.pipeline.settings.config import compose

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # MLflow's own, when its module is first read
    import mlflow.pyfunc  # noqa: F401

CONF = Path(__file__).parents[3] / "conf"
LABELS = ["Ash", "Birch"]
SMALL = (
    *("audio.sample_rate=8000", "render.synth_rate=8000", "render.max_seconds=20"),
    *("features.n_fft=1024", "features.win_length=1024", "features.hop_length=512"),
    *("features.n_mels=16", "features.f_max_hz=4000", "dataset.max_masked_bands=4"),
    *("dataset.clip_s=2", "dataset.evaluation_hop_s=2"),
)


def melody_file(path, lowest, seed):
    """Twelve seconds at random on a scale of whole tones."""
    random = np.random.default_rng(seed)
    track = mido.MidiTrack()
    for _ in range(24):
        pitch = lowest + 2 * int(random.integers(6))
        track.append(mido.Message("note_on", note=pitch, velocity=90, time=0))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=480))
    path.parent.mkdir(parents=True, exist_ok=True)
    mido.MidiFile(type=0, ticks_per_beat=480, tracks=[track]).save(path)
    return path


def tones_file(path, seconds=6.0, rate_hz=8000):
    """Four notes a second, as sines: a recording."""
    import soundfile

    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    pitch_hz = 220 * 2 ** (np.floor(4 * time_s) * 5 % 12 / 12)
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * np.cumsum(pitch_hz) / rate_hz), rate_hz)
    return path


@pytest.fixture(scope="session")
def music(tmp_path_factory):
    """Pieces by label: Ash low, Birch high; three to learn from, two to test."""
    folder = tmp_path_factory.mktemp("music")
    return {
        label: [melody_file(folder / label / f"{number}.mid", lowest, number) for number in range(5)]
        for label, lowest in (("Ash", 40), ("Birch", 76), ("Cedar", 58))
    }


@pytest.fixture(scope="session")
def tones(tmp_path_factory):
    return tones_file(tmp_path_factory.mktemp("recorded") / "tones.wav")


@pytest.fixture(scope="session")
def bundle(music, tmp_path_factory):
    """Prototypes in the space of a network of random weights, which distinguishes low from high."""
    config = compose(CONF, [*SMALL])
    parts = config.parts(config.recipe(Workspace.at(CONF.parent)))
    settings = {**parts.recipe.settings.sections(), "model": parts.model_node(len(LABELS))}
    torch.manual_seed(0)
    encoder = build(settings["model"], "model").eval()
    blank = FittedVote(LABELS, 1.0, False, 0.0, Rejection())
    weights = {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}
    untrained = Bundle(settings, weights, blank, {}, np.zeros((0, settings["model"]["embedding"])))
    ear = Identifier(untrained, tmp_path_factory.mktemp("base"))
    pieces = {label: [ear.embed(ear.recipe.hear(file)) for file in music[label][:3]] for label in LABELS}
    clips = [clips for label in LABELS for clips, _ in pieces[label]]
    names = [label for label in LABELS for _ in pieces[label]]
    works = [f"{name} {number}" for number, name in enumerate(names)]
    decision = build(compose(CONF, ["decision.target_fpr=0.2"]).decision, "decision").fit(
        LABELS, LabelledClips(clips, names, works), LabelledClips(clips, names, works), []
    )
    rows = [
        (f"{label.lower()}-{number}", label, f"{label} {number}", s)
        for label in LABELS
        for number, (_, starts_s) in enumerate(pieces[label])
        for s in np.round(starts_s, 3)
    ]
    names = ("piece_id", "label", "title", "start_s")
    references = {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    return Bundle(settings, weights, decision, references, np.concatenate(clips))


@pytest.fixture(scope="session")
def voting(bundle):
    """The same pieces with a vote of scores: minus the distances to the prototypes."""
    scores = -bundle.decision.clip_distances(bundle.embeddings).astype(np.float32)
    from dataclasses import replace

    decision = FittedVote(LABELS, 1.0, False, 0.0, Rejection())
    return replace(bundle, decision=decision, embeddings=scores)


@pytest.fixture
def evaluated_run(bundle, music, tmp_path):
    """A writer of a run's folder: the bundle in models/ and an evaluation with so many right verdicts."""

    def write(name="run", right=4, tests="0123", changed=None):
        root = tmp_path / name
        (changed or bundle).save(root / "models")
        return evaluate(root, changed or bundle, right, tests)

    return write


def evaluate(root, bundle, right, tests="0123", control=0.3):
    owners = np.asarray(bundle.references["piece_id"], dtype=str)
    rows, pieces = [], []
    for owner in dict.fromkeys(owners):
        verdict = bundle.decision.predict(bundle.embeddings[owners == owner])
        label = np.asarray(bundle.references["label"])[owners == owner][0]
        rows.append((owner, label, "known", "train", verdict.nearest, round(verdict.distance, 6)))
    for number, test in enumerate(tests):
        label = LABELS[number % 2]
        nearest = label if number < right else LABELS[1 - number % 2]
        rows.append((f"test-{test}", label, "known", "test", nearest, 1.0))
    for row in rows:
        pieces.append({"piece_id": row[0], "sha256": f"digest of {row[0]}"})
    columns = ["piece_id", "label", "role", "split", "nearest_label", "distance"]
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "metrics").mkdir(exist_ok=True)
    table = pd.DataFrame(rows, columns=columns)
    table.to_csv(root / "data" / "verdicts.csv", index=False)
    pd.DataFrame(pieces).to_csv(root / "data" / "pieces.csv", index=False)
    test = table[table.split == "test"]
    recalls = [(group.nearest_label == label).mean() for label, group in test.groupby("label")]
    score = {"value": round(float(np.mean(recalls)), 6), "low": 0.0, "high": 1.0}
    stated = {
        "closed_set": {"balanced_accuracy": score},
        "control": {"heard_balanced_accuracy": {"value": control}},
    }
    (root / "metrics" / "evaluate.json").write_text(json.dumps(stated))
    return root


@pytest.fixture
def listen():
    """The verdict of `Identifier` on a file."""

    def identify(folder, file):
        return Identifier.load(folder).identify(Target(file.name, file))

    return identify
