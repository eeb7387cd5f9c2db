"""The how-to for new encoders and front ends works as it is written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pretty_midi

PROJECT = Path(__file__).parents[1]
BLOCK = re.compile(r"`((?:src|conf)/\S+)`:\n\n```\w+\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"```bash\n(python stages/train\.py .*)\n```")
SMALL = (
    *("audio.sample_rate=8000", "render.synth_rate=8000", "features.hop_length=512", "dataset.clip_s=4"),
    *("dataset.max_band_shift=0", "dataset.max_masked_bands=0", "sampler.batches_per_epoch=2"),
    *("sampler.works_per_class=2", "trainer=cpu", "trainer.max_epochs=1", "evaluate.resamples=20"),
    "executor.workers=1",
)


def write_music(folder):
    """Two labels of four pieces: one rises, one falls."""
    random = np.random.default_rng(0)
    for label, step in (("up", 1), ("down", -1)):
        for number in range(4):
            midi, piano = pretty_midi.PrettyMIDI(), pretty_midi.Instrument(program=0)
            pitches = 60 + step * np.cumsum(random.integers(0, 3, 40)) % 24
            piano.notes = [
                pretty_midi.Note(90, int(pitch), index / 4, index / 4 + 0.2)
                for index, pitch in enumerate(pitches)
            ]
            midi.instruments = [piano]
            (folder / label).mkdir(parents=True, exist_ok=True)
            midi.write(str(folder / label / f"{number}.mid"))


def test_the_worked_example_trains_and_is_judged(tmp_path):
    checkout = tmp_path / "earmark"
    for name in ("src/earmark", "conf", "stages"):
        shutil.copytree(PROJECT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", "pyproject.toml"):
        shutil.copy(PROJECT / name, checkout)
    (checkout / "overrides.yaml").write_text("overrides: []\n")
    page = (PROJECT / "docs" / "extend.md").read_text(encoding="utf-8")
    written = dict(BLOCK.findall(page))
    assert len(written) == 4
    for name, text in written.items():
        assert not (checkout / name).exists()
        (checkout / name).write_text(text, encoding="utf-8")
    write_music(tmp_path / "music")
    (checkout / "data").mkdir()
    (checkout / "data" / "source").symlink_to(tmp_path / "music", target_is_directory=True)
    (command,) = COMMAND.findall(page)
    run = subprocess.run(
        [sys.executable, *command.split()[1:], *SMALL, "hydra.run.dir=runs/one"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout / "src"), "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert "AttentionPooling with" in run.stdout
    assert (checkout / "runs" / "one" / "metrics" / "evaluate.json").is_file()
    assert "earmark.models.attention" in (checkout / "runs" / "one" / "models" / "bundle.yaml").read_text()
