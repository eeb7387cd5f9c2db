"""The stages up to `split` give equal files on every processor; training does where it is asked to."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__ as numpy_features

from earmark.foundation.workspace import Workspace

# Runs in a process of its own: routines are chosen when libraries are loaded.
RUN = """
import json, sys
from pathlib import Path
from earmark.foundation.workspace import Workspace
from earmark.pipeline import order
from earmark.pipeline.settings.config import compose
project, folder, last, overrides = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
config = compose(project / "conf", [*overrides, f"store.path={folder}/store"])
order.run(config, Workspace.at(project, folder), last)
"""
# The routines of a processor without AVX, as far as libraries can be told to take them.
OLDER = {
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": " ".join(numpy_features),
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4",
}
DATA = ("catalog.csv", "pieces.csv", "quarantine.csv", "facts.jsonl", "splits.csv")


def run(project, folder, last, overrides, **environment):
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, project, folder, last, json.dumps(overrides)],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    return Workspace.at(project, folder)


def digests(folder, *names):
    """SHA-256 of the files of a folder, by name."""
    files = [folder / name for name in names] or sorted(folder.iterdir())
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.parametrize("features", ["mel", "notes"])
def test_the_data_stages_of_two_processors_are_equal(project, small_overrides, tmp_path, features):
    """MIDI and recordings; by `features=notes` ONNX Runtime hears the latter, with routines that stay."""
    overrides = [item for item in small_overrides if not item.startswith("features.") or features == "mel"]
    overrides += [] if features == "mel" else ["features=notes"]
    here = run(project, tmp_path / "here", "split", overrides)
    there = run(project, tmp_path / "there", "split", overrides, **OLDER)
    for folder in ("raw", "audio", "features"):
        first = digests(here.data / folder)
        assert first
        assert first == digests(there.data / folder)
    assert digests(here.data, *DATA) == digests(there.data, *DATA)


@pytest.mark.slow
def test_reproducible_training_on_two_processors_is_equal(project, small_overrides, tmp_path):
    overrides = [*small_overrides, "trainer.reproducible=true"]
    here = run(project, tmp_path / "here", "evaluate", overrides, OPENBLAS_CORETYPE="Prescott")
    there = run(project, tmp_path / "there", "evaluate", overrides, **OLDER, DNNL_MAX_CPU_ISA="AVX2")
    assert digests(here.models, "encoder.safetensors") == digests(there.models, "encoder.safetensors")
    scores = [json.loads(Path(one.metrics / "evaluate.json").read_text()) for one in (here, there)]
    assert scores[0] == scores[1]
