"""ONNX Runtime leaves nothing behind in a user's folders."""

import os
import subprocess
import sys

LOADS = "from earmark.features.ear.network import trained; trained()"


def test_no_file_is_written_by_its_import(tmp_path):
    env = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    env |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", LOADS], check=True, env=env)
    assert list(tmp_path.rglob("*")) == []
