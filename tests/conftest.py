"""Makers of small MIDI files and of tones, fresh processes and a Dask cluster, for any test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import settings

import earmark
from earmark.music.midi.smf import NOTE_OFF, NOTE_ON, PROGRAM, Events

settings.register_profile("unhurried", deadline=None)  # busy machines take longer now and then
settings.load_profile("unhurried")
os.environ["EARMARK_KEPT"] = ""  # tests hear what they hear; those of the cache name a folder


@pytest.fixture
def write_midi(tmp_path):
    """A writer of MIDI files by mido: tracks are lists of (tick, message), ticks from the beginning."""

    def write(*tracks, name="piece.mid", ticks=480, kind=1):
        file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
        for track in tracks:
            ordered = sorted(track, key=lambda event: event[0])
            before = [0, *(tick for tick, _ in ordered)]
            file.tracks.append(
                mido.MidiTrack(
                    message.copy(time=tick - last)
                    for (tick, message), last in zip(ordered, before, strict=False)
                )
            )
        file.save(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def note():
    """One note as events for `write_midi`: from a tick to a tick."""

    def events(start, end, pitch, channel=0, velocity=90):
        on = mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)
        off = mido.Message("note_off", note=pitch, velocity=0, channel=channel)
        return [(start, on), (end, off)]

    return events


@pytest.fixture
def events_of():
    """Events of notes (start_s, end_s, pitch, channel, track), and of one program for all channels."""

    def events(*notes, program=0):
        rows = [(0.0, channel, PROGRAM, program, 0, track) for _, _, _, channel, track in notes]
        for start_s, end_s, pitch, channel, track in notes:
            rows.append((start_s, channel, NOTE_ON, pitch, 90, track))
            rows.append((end_s, channel, NOTE_OFF, pitch, 0, track))
        columns = zip(*sorted(rows, key=lambda row: row[0]), strict=True)
        kinds = (np.float64, np.int16, np.uint8, np.uint8, np.uint8, np.int16)
        return Events(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))

    return events


@pytest.fixture
def tone():
    """A sine as float32 of shape (samples, 1)."""

    def sine(hz, rate_hz, seconds=1.0, peak=0.5):
        time_s = np.arange(round(seconds * rate_hz)) / rate_hz
        return (peak * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)[:, None]

    return sine


@pytest.fixture
def write_sound(tmp_path):
    """A writer of sound files by soundfile; the suffix decides the format."""

    def write(samples, rate_hz, name="sound.wav", **settings):
        soundfile.write(tmp_path / name, samples, rate_hz, **settings)
        return tmp_path / name

    return write


@pytest.fixture
def peak_hz():
    """The frequency of the strongest partial of a waveform of shape (samples,)."""

    def frequency(waveform, rate_hz):
        size = 8 * len(waveform)
        spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform)), n=size))
        return np.argmax(spectrum) * rate_hz / size

    return frequency


@pytest.fixture
def wait_until():
    """Wait for a condition. The function is nested: worker processes get such functions by value."""

    def wait(condition, limit_s=30.0):
        import time

        end = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"not within {limit_s:g} s")
            time.sleep(0.005)

    return wait


@pytest.fixture
def python():
    """Start code in a fresh Python process that finds this package; the Popen object."""
    started = []

    def start(code, *arguments):
        environment = {**os.environ, "PYTHONPATH": str(Path(earmark.__file__).parents[1])}
        command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, env=environment, text=True, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


class Cluster:
    """A Dask scheduler and its workers, each a process of its own."""

    def __init__(self, folder, wait_until):
        self.folder, self.processes, self.workers = folder, [], []
        self.wait_until = wait_until
        self.file = folder / "scheduler.json"

    def start(self, command, *arguments, **variables):
        here = {"PYTHONPATH": str(Path(earmark.__file__).parents[1])}
        with (self.folder / f"log{len(self.processes)}.txt").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{command}", *arguments],
                env={**os.environ, **here, **variables},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def start_scheduler(self):
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", self.file)
        process = self.start("scheduler", *map(str, options))
        self.wait_until(lambda: self._has_address() or process.poll() is not None)
        assert process.poll() is None, (self.folder / "log0.txt").read_text()

    def _has_address(self):
        """Whether the scheduler has written its file to the end."""
        return self.file.is_file() and self.file.read_text().rstrip().endswith("}")

    def add_worker(self, **variables):
        options = ("--scheduler-file", str(self.file), "--nthreads", "1", "--no-nanny", "--no-dashboard")
        self.workers.append(self.start("worker", *options, **variables))

    @property
    def address(self):
        return json.loads(self.file.read_text())["address"]

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path_factory, wait_until):
    """A scheduler that runs; `add_worker` gives it workers."""
    started = Cluster(tmp_path_factory.mktemp("cluster"), wait_until)
    try:
        started.start_scheduler()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def small_bundle():
    """A bundle for sound of 8 kHz whose network is not trained.

    Two labels with two training pieces each. The prototypes are embeddings of loud noise, and no distance is
    too far: any music is near some label.
    """
    import torch

    from earmark.bundle import Bundle
    from earmark.decisions.prototype import FittedPrototypes
    from earmark.decisions.rejection import Rejection
    from earmark.foundation.targets import build
    from earmark.music.settings import (
        AudioSettings,
        ClipSettings,
        HearingSettings,
        MidiSettings,
        RenderSettings,
    )
    from earmark.music.synthesis.soundfont import DEFAULT

    hearing = HearingSettings(
        midi=MidiSettings(tempo="normalised", onset_rate_hz=4.0),
        render=RenderSettings(
            instruments="piano",
            soundfont=DEFAULT,
            synth_rate=8000,
            gain=0.6,
            reverb=False,
            chorus=False,
            tail_s=1.0,
            max_seconds=180.0,
        ),
        audio=AudioSettings(sample_rate=8000, channels=1),
        features={
            **{"_target_": "earmark.features.mel.LogMel", "n_fft": 1024, "win_length": 1024},
            **{"hop_length": 512, "n_mels": 16, "f_min_hz": 40.0, "f_max_hz": 4000.0},
            **{"mel_scale": "slaney", "norm": "slaney", "top_db": 40.0},
        },
        dataset=ClipSettings(clip_s=3.0, evaluation_hop_s=3.0),
    )
    model = {
        **{"_target_": "earmark.models.convnet.ConvNet", "widths": [16, 32, 64, 128], "embedding": 64},
        **{"dropout": 0.3, "statistics": True, "unit": False, "channels": 1, "bands": 16, "frames": 47},
    }
    torch.manual_seed(0)
    encoder = build(model, "model").eval()
    with torch.inference_mode():
        embeddings = encoder(-80 * torch.rand(6, 1, 16, 47)).numpy()
    references = {
        "piece_id": np.array(["p1", "p1", "p2", "p3", "p3", "p4"]),
        "label": np.array(["Ash", "Ash", "Ash", "Birch", "Birch", "Birch"]),
        "title": np.array(["One", "One", "Two", "Three", "Three", "Four"]),
        "start_s": np.array([0.0, 3.0, 0.0, 0.0, 3.0, 0.0]),
    }
    prototypes = np.stack([embeddings[:3].mean(axis=0), embeddings[3:].mean(axis=0)])
    whitening = np.eye(prototypes.shape[1])
    decision = FittedPrototypes(["Ash", "Birch"], prototypes, whitening, 1.0, Rejection(1e9))
    settings = {**hearing.sections(), "model": model}
    weights = {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}
    return Bundle(settings, weights, decision, references, embeddings)
