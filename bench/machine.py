"""The machine and the versions that figures were measured with."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    *("torch", "torchaudio", "numpy", "scipy", "librosa", "soundfile", "soxr", "pyfluidsynth"),
    *("pytorch-lightning", "dvc", "hydra-core", "mlflow", "joblib", "pandas"),
)


def machine() -> dict[str, str]:
    """Processor, cores, memory, load, and versions, as short words."""
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "load before": f"{os.getloadavg()[1]:.1f}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "fluidsynth command": _fluidsynth(),
        **{name: _version(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        match = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        match = None
    return match.group(1).strip() if match else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _fluidsynth() -> str:
    try:
        done = subprocess.run(["fluidsynth", "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "absent"
    match = re.search(r"runtime version ([\d.]+)", done.stdout + done.stderr)
    return match.group(1) if match else "unknown"
