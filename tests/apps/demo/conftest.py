"""A small model whose labels and titles are awkward, and music for it."""

import importlib.util
from pathlib import Path

import mido
import numpy as np
import pytest

from earmark.identify.identifier import Identifier

BUNDLE_TEST = Path(__file__).parents[2] / "test_bundle.py"


@pytest.fixture(scope="package")
def bundle_folder(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("bundle_maker", BUNDLE_TEST)
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    bundle = maker.make_bundle()
    bundle.references["title"] = np.array(["<b>Rusalka</b>", "<b>Rusalka</b>", ""])
    folder = tmp_path_factory.mktemp("bundle")
    bundle.save(folder)
    return folder


@pytest.fixture(scope="package")
def identifier(bundle_folder):
    return Identifier.load(bundle_folder)


@pytest.fixture(scope="package")
def melody(tmp_path_factory):
    """Forty eighths at random on a scale of whole tones; the file's name is markup."""
    random = np.random.default_rng(0)
    track = mido.MidiTrack()
    for step in random.integers(12, size=40):
        pitch = 50 + 2 * int(step)
        track.append(mido.Message("note_on", note=pitch, velocity=90, time=0))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=240))
    path = tmp_path_factory.mktemp("music") / "<img src=x onerror=alert(1)>.mid"
    mido.MidiFile(type=0, ticks_per_beat=480, tracks=[track]).save(path)
    return path


@pytest.fixture(scope="package")
def broken(tmp_path_factory):
    path = tmp_path_factory.mktemp("music") / "broken.mid"
    path.write_bytes(b"this is no music")
    return path
