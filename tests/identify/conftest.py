"""A bundle whose network is not trained, and music for it to hear."""

from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile
import torch

from earmark.bundle import Bundle
from earmark.decisions.prototype import FittedPrototypes
from earmark.decisions.rejection import Rejection
from earmark.identify.identifier import Identifier
from earmark.pipeline.settings.config import build, compose, plain

CONF = Path(__file__).parents[2] / "conf"
RATE_HZ = 8000
SMALL = (
    *(f"audio.sample_rate={RATE_HZ}", "render.synth_rate=8000", "dataset.clip_s=3"),
    *("features.n_fft=1024", "features.win_length=1024", "features.hop_length=512"),
    *("features.n_mels=16", "features.f_max_hz=4000", "dataset.evaluation_hop_s=3"),
)


@pytest.fixture(scope="session")
def bundle():
    """Two labels; their prototypes are embeddings of loud noise clips, so that anything is near some."""
    cfg = compose(CONF, SMALL)
    sections = {name: plain(cfg[name]) for name in ("midi", "render", "audio", "features", "dataset")}
    node = {name: value for name, value in plain(cfg.model).items() if name != "init"}
    node |= {"channels": 1, "bands": 16, "frames": 47}
    torch.manual_seed(0)
    encoder = build(node, "model").eval()
    with torch.inference_mode():
        embeddings = encoder(-80 * torch.rand(6, 1, 16, 47)).numpy()
    references = {
        name: np.array(column)
        for name, column in {
            "piece_id": ["p1", "p1", "p2", "p3", "p3", "p4"],
            "label": ["Ash", "Ash", "Ash", "Birch", "Birch", "Birch"],
            "title": ["One", "One", "Two", "Three", "Three", "Four"],
            "start_s": [0.0, 3.0, 0.0, 0.0, 3.0, 0.0],
        }.items()
    }
    prototypes = np.stack([embeddings[:3].mean(axis=0), embeddings[3:].mean(axis=0)])
    decision = FittedPrototypes(
        ["Ash", "Birch"], prototypes, np.eye(prototypes.shape[1]), 1.0, Rejection(1e9)
    )
    return Bundle(sections | {"model": node}, encoder.state_dict(), decision, references, embeddings)


@pytest.fixture(scope="session")
def bundle_folder(bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    bundle.save(folder)
    return folder


@pytest.fixture(scope="session")
def identifier(bundle_folder):
    return Identifier.load(bundle_folder)


@pytest.fixture
def melody(tmp_path):
    """A MIDI file of eight seconds."""
    midi, piano = pretty_midi.PrettyMIDI(), pretty_midi.Instrument(program=0)
    random = np.random.default_rng(3)
    piano.notes = [
        pretty_midi.Note(90, int(pitch), index / 4, index / 4 + 0.2)
        for index, pitch in enumerate(random.integers(55, 80, 32))
    ]
    midi.instruments = [piano]
    midi.write(str(tmp_path / "melody.mid"))
    return tmp_path / "melody.mid"


@pytest.fixture
def write_sound(tmp_path):
    """A writer of recordings at 11,025 Hz."""

    def write(name, samples):
        soundfile.write(tmp_path / name, np.asarray(samples, np.float32), 11025)
        return tmp_path / name

    return write


@pytest.fixture
def tune():
    """Eight seconds of short tones as samples at 11,025 Hz."""
    random = np.random.default_rng(4)
    time_s = np.arange(int(0.25 * 11025)) / 11025
    return np.concatenate(
        [0.4 * np.exp(-9 * time_s) * np.sin(2 * np.pi * hz * time_s) for hz in random.uniform(200, 900, 32)]
    )
