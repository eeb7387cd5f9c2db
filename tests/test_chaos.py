"""Five faults at random moments; `make chaos` has many more."""

import json
import os
import subprocess
import sys
from pathlib import Path

import earmark

TESTS = Path(__file__).parent


def test_what_is_killed_interrupted_or_starved_ends_as_if_nothing_had_happened(tmp_path):
    report = tmp_path / "report.json"
    faults = [f"--{kind}s=1" for kind in ("kill", "interrupt", "disk", "worker", "store")]
    done = subprocess.run(
        [sys.executable, str(TESTS / "chaos.py"), *faults, "--seed=5", "--report", str(report)],
        env={**os.environ, "PYTHONPATH": str(Path(earmark.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout
    seen = json.loads(report.read_text(encoding="utf-8"))
    assert sum(seen["faults"].values()) == 5
    assert (seen["left"]["processes"], seen["left"]["open_mlflow_runs"], seen["left"]["files"]) == (0, 0, [])
