"""The real command on a free port, asked over HTTP, and music for it."""

import http.client
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

import earmark

BOUNDARY = "the-edge-of-a-part"


@dataclass
class Service:
    """A running `earmark serve`."""

    process: subprocess.Popen
    port: int

    def ask(self, method, path, body=None, headers=()):
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, dict(headers), encode_chunked=hasattr(body, "__next__"))
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    def post(self, body, path="/identify", headers=()):
        """Status and JSON of an answer to raw bytes."""
        status, _, content = self.ask("POST", path, body, headers)
        return status, json.loads(content)

    def post_form(self, *files, field="file"):
        """Status and JSON of an answer to a form."""
        start = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename='
        body = b"".join(
            f'{start}"{file.name}"\r\n\r\n'.encode() + file.read_bytes() + b"\r\n" for file in files
        )
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.post(body + f"--{BOUNDARY}--\r\n".encode(), headers={"Content-Type": kind})

    def metric(self, name):
        """One figure of /metrics; 0 where it has not been counted yet."""
        _, _, content = self.ask("GET", "/metrics")
        lines = dict(line.rsplit(" ", 1) for line in content.decode().splitlines() if line[0] != "#")
        return float(lines.get(name, 0))


@pytest.fixture(scope="package")
def serving():
    """The command with some options, as a context."""
    return _serving


@contextmanager
def _serving(scratch, *options):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("EARMARK_")},
        "PYTHONPATH": str(Path(earmark.__file__).parents[1]),
        "TMPDIR": str(scratch),
    }
    command = [sys.executable, "-c", "from earmark.apps.cli import main; main()", "serve", "composer"]
    with subprocess.Popen(
        [*command, "--port", "0", *map(str, options)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("http://127.0.0.1:"), process.stderr.read()
            yield Service(process, int(line.split()[0].rpartition(":")[2]))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
            errors = process.stderr.read()
        assert "Traceback" not in errors
        left = {path.name for path in scratch.iterdir()}
        assert left <= {".ses"}  # of ONNX Runtime


def tune_file(path, notes, tempo_us=500_000):
    """Eighths at random on a scale of whole tones, two events each."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo_us)])
    for step in np.random.default_rng(0).integers(12, size=notes):
        track.append(mido.Message("note_on", note=50 + 2 * int(step), velocity=90, time=0))
        track.append(mido.Message("note_off", note=50 + 2 * int(step), velocity=0, time=240))
    mido.MidiFile(type=0, ticks_per_beat=480, tracks=[track]).save(path)
    return path


def sines_file(path, duration_s, rate_hz=22_050):
    """Four tones a second."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    hz = 220 * 2 ** (np.floor(4 * time_s) * 5 % 12 / 12)
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * np.cumsum(hz) / rate_hz), rate_hz)
    return path


@pytest.fixture(scope="package")
def music(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    return {
        "tune": tune_file(folder / "tune.mid", 140),
        "full": tune_file(folder / "full.mid", 600, tempo_us=100_000),
        "slow": tune_file(folder / "slow.mid", 280),
        "sines": sines_file(folder / "sines.flac", 32),
        "long": sines_file(folder / "long.flac", 61),
        "endless": sines_file(folder / "endless.flac", 178),
    }
