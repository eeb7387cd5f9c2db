"""A training that was killed goes on after its last epoch, and ends as one that was not."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from earmark.learning.objectives.triplet import Triplet
from earmark.learning.resuming import LAST, STALE_S, checkpoint_folder, finished_epochs, trim_history
from earmark.learning.training import Trainable, fit

TRAINING = Path(__file__).with_name("test_training.py")
sys.path.insert(0, str(TRAINING.parent))
from test_training import LABELS, training_data  # noqa: E402

CODE = """
import json, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
from test_resuming import learn
from earmark.learning.settings import TrainerSettings
try:
    learn(Path(sys.argv[2]), TrainerSettings(**json.loads(sys.argv[3])), Path(sys.argv[4]), wait=True)
except KeyboardInterrupt:  # which Lightning would make a SystemExit(1) of
    sys.exit(130)
"""


class Dropping(torch.nn.Module):
    """A network with dropout, whose chance is torch's own."""

    gives, clip_by_clip = "embeddings", False

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Dropout(0.4), torch.nn.Linear(8, 2))
        self.epoch_s = 0.0

    def forward(self, clips):
        time.sleep(self.epoch_s if self.training else 0)
        return self.layers(clips.mean(dim=(1, 3)))


def learn(folder, settings, resume_in, wait=False, stop_after=None):
    """Train on what is in the folder; `stop_after` epochs the process fails, as if somebody had killed it."""
    torch.manual_seed(settings.seed)
    encoder = Dropping()
    encoder.epoch_s = 0.05 if wait else 0.0
    model = Trainable(encoder, Triplet(margin=0.5, miner="all"), partial(torch.optim.Adam, lr=0.02))
    data = training_data(folder)
    if stop_after is not None:
        made, seen = data.batches, []

        def batches(*arguments):
            sampler = made(*arguments)
            choose = sampler.set_epoch

            def set_epoch(epoch):
                seen.append(epoch)
                if epoch >= stop_after:
                    raise MemoryError("killed")
                choose(epoch)

            sampler.set_epoch = set_epoch
            return sampler

        object.__setattr__(data, "batches", batches)
    return fit(model, data, settings, resume_in=resume_in)


@pytest.fixture
def pieces(tmp_path):
    """Pieces of 30 frames; a label has one loud band of its own."""
    folder = tmp_path / "pieces"
    folder.mkdir()
    random, made = np.random.default_rng(0), training_data(folder)
    for part in (made.train, made.validation):
        for piece_id, label in zip(part.groups, part.labels, strict=True):
            values = random.normal(0, 4, (1, 6, 30))
            values[0, LABELS.index(label)] += 1
            np.save(folder / f"{piece_id}.npy", values.astype(np.float16))
    return folder


def alike(one, other):
    assert one.history == other.history
    assert (one.kept_epoch, one.score, one.monitored) == (other.kept_epoch, other.score, other.monitored)
    assert set(one.weights) == set(other.weights)
    assert all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize("stop_after", [1, 2, 4])
def test_what_goes_on_ends_as_what_was_not_interrupted(pieces, tmp_path, trainer_settings, keep, stop_after):
    settings = trainer_settings(max_epochs=5, patience=3, keep=keep)
    whole = learn(pieces, settings, None)
    with pytest.raises(MemoryError):
        learn(pieces, settings, tmp_path / "resume", stop_after=stop_after)
    assert finished_epochs(tmp_path / "resume") == (stop_after, False)
    alike(learn(pieces, settings, tmp_path / "resume"), whole)
    assert not list(tmp_path.glob("resume*"))


def test_a_training_that_had_stopped_early_does_not_begin_another_epoch(
    pieces, tmp_path, trainer_settings, monkeypatch
):
    settings = trainer_settings(max_epochs=50, patience=2)
    whole = learn(pieces, settings, None)
    assert len(whole.history) < 50
    kept = tmp_path / "resume"
    with monkeypatch.context() as patch:  # killed between the last epoch and the bundle
        patch.setattr("earmark.learning.training.node_rank", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            learn(pieces, settings, kept)
    assert finished_epochs(kept) == (len(whole.history), True)
    alike(learn(pieces, settings, kept), whole)
    assert not kept.exists()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_it_goes_on_after_kill_and_after_ctrl_c(pieces, tmp_path, trainer_settings, end):
    settings = trainer_settings(max_epochs=5, patience=5)
    whole = learn(pieces, settings, None)
    kept = tmp_path / "resume"
    command = [
        sys.executable,
        "-c",
        CODE,
        str(TRAINING.parent),
        str(pieces),
        json.dumps(asdict(settings)),
        str(kept),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (kept / LAST).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(end)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if end == signal.SIGKILL else 130), complaint
    assert finished_epochs(kept)[0] in range(1, 5)
    alike(learn(pieces, settings, kept), whole)
    assert not kept.exists()


def test_a_checkpoint_that_cannot_be_read_is_none(tmp_path):
    assert finished_epochs(tmp_path) == (0, False)
    (tmp_path / LAST).write_bytes(b"cut")
    assert finished_epochs(tmp_path) == (0, False)
    curves = tmp_path / "history.jsonl"
    curves.write_text('{"epoch": 0}\n{"epoch": 1}\n{"epo')
    assert trim_history(curves, 1) == [{"epoch": 0}]
    assert curves.read_text() == '{"epoch": 0}\n'
    assert trim_history(curves, 0) == []
    assert not curves.exists()


def test_one_process_at_a_time_has_the_folder_and_what_nobody_resumed_is_forgotten(tmp_path):
    stale = tmp_path / "training" / "stale"
    stale.mkdir(parents=True)
    os.utime(stale, (time.time() - STALE_S - 60,) * 2)
    kept = tmp_path / "training" / "kept"
    with checkpoint_folder(kept) as first, checkpoint_folder(kept) as second:
        assert first == kept
        assert second != kept
        assert second.is_dir()
    assert list((tmp_path / "training").iterdir()) == []
    with pytest.raises(ZeroDivisionError), checkpoint_folder(kept):
        raise ZeroDivisionError
    assert kept.is_dir()
