"""A small model whose labels and titles are awkward, and music for it."""

from dataclasses import replace

import mido
import numpy as np
import pytest

from earmark.identify.identifier import Identifier
from earmark.identify.limited import LimitedIdentifier
from earmark.identify.limits import Limits


@pytest.fixture(scope="package")
def bundle_folder(small_bundle, tmp_path_factory):
    titles = np.array(3 * ["<b>Rusalka</b>"] + 3 * [""])
    folder = tmp_path_factory.mktemp("bundle")
    replace(small_bundle, references={**small_bundle.references, "title": titles}).save(folder)
    return folder


@pytest.fixture(scope="package")
def identifier(bundle_folder):
    return Identifier.load(bundle_folder)


@pytest.fixture(scope="package")
def limited(identifier):
    return LimitedIdentifier(identifier, Limits())


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
