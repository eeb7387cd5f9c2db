"""A bundle whose network is not trained, and music for it to hear."""

from dataclasses import replace

import mido
import numpy as np
import pytest
import soundfile

from earmark.identify.encoding import module_of
from earmark.identify.identifier import Identifier
from earmark.models.onnx_export import exported


@pytest.fixture(scope="session")
def bundle(small_bundle):
    """As training saves it: the network is there as ONNX, too."""
    shape = [small_bundle.settings["model"][name] for name in ("channels", "bands", "frames")]
    clips = np.random.default_rng(5).uniform(-60, 0, (4, *shape)).astype(np.float32)
    return replace(small_bundle, network=exported(module_of(small_bundle), clips))


@pytest.fixture(scope="session")
def bundle_folder(bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    bundle.save(folder)
    return folder


@pytest.fixture(scope="session")
def identifier(bundle_folder):
    return Identifier.load(bundle_folder)


@pytest.fixture(scope="session")
def melody(tmp_path_factory):
    """A MIDI file of eight seconds."""
    track = mido.MidiTrack()
    for pitch in np.random.default_rng(3).integers(55, 80, 32):
        track.append(mido.Message("note_on", note=int(pitch), velocity=90, time=0))
        track.append(mido.Message("note_off", note=int(pitch), velocity=0, time=240))
    path = tmp_path_factory.mktemp("music") / "melody.mid"
    mido.MidiFile(type=0, ticks_per_beat=480, tracks=[track]).save(path)
    return path


@pytest.fixture
def write_recording(tmp_path):
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
