"""What earmark needs around it: libraries, soundfont, disk, servers; each looked at, and how to mend it.

Nothing here needs more than the light installation: what an extra brings is looked at where it is installed.
"""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.libraries import ABSENT, library_versions, processor_kernel
from earmark.foundation.workspace import Workspace

LEAST_FREE_GB = 2.0  # the default corpus with its store and a run
PATIENCE_S = 5.0  # for a server to answer


@dataclass(frozen=True)
class Finding:
    """What was found of one thing.

    Attributes:
        what: Its name.
        said: Its state, in words.
        mend: The line that mends it; "" where nothing is wrong.
    """

    what: str
    said: str
    mend: str = ""


def findings(folder: Path) -> Iterator[Finding]:
    """Look at everything, one thing after the other.

    Args:
        folder: The working directory: of its project, store and MLflow are looked at.
    """
    try:
        workspace = Workspace.find(folder)
    except EarmarkError:
        workspace = None
    pip = _pip(workspace)
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("processor", _processor),
        ("FluidSynth", _fluidsynth),
        ("soundfont", lambda: _soundfont(pip)),
        ("ear", lambda: _ear(pip)),
        ("FFmpeg", _ffmpeg),
        ("PyTorch", lambda: _torch(pip)),
        (
            "temporary folder",
            lambda: _folder("temporary folder", Path(tempfile.gettempdir()), "export TMPDIR=DIR"),
        ),
    ]
    if workspace:
        root = workspace.project
        checks += [
            ("project", lambda: _folder("project", root, f"sudo chown -R $USER {root}")),
            ("store", lambda: _store(root)),
            ("MLflow", lambda: _mlflow(workspace)),
        ]
    for what, check in checks:
        try:
            yield check()
        except EarmarkError as error:
            said, _, mend = str(error).partition(": ")
            yield Finding(what, said, mend or said)
        except Exception as error:  # whatever a broken library raises is what is wrong
            yield Finding(what, describe(error), f"{pip} --force-reinstall earmark")
    if workspace is None:
        yield Finding(
            "project", "none around here: identify, tag, transcribe work; to learn, earmark init DIR"
        )


def _pip(workspace: Workspace | None) -> str:
    """How packages are installed: with the pinned versions where the project is a checkout that has them."""
    pins = workspace.project / "constraints.txt" if workspace else None
    return f"pip install -c {pins}" if pins and pins.is_file() else "pip install"


def _processor() -> Finding:
    try:
        from threadpoolctl import threadpool_info

        blas = {str(one.get("architecture", "")) for one in threadpool_info()} - {""}
    except ImportError:
        blas = set()
    routines = f", OpenBLAS for {' and '.join(sorted(blas))}" if blas else ""
    return Finding(
        "processor",
        f"{processor_kernel()}, {os.cpu_count()} cores{routines}, Python {platform.python_version()}",
    )


def _fluidsynth() -> Finding:
    from earmark.music.synthesis.synth import fluidsynth_version

    return Finding("FluidSynth", fluidsynth_version())


def _soundfont(pip: str) -> Finding:
    from earmark.music.synthesis.soundfont import DEFAULT, VERSIONS, soundfont_digest, soundfont_path

    file = soundfont_path(DEFAULT, Path())
    digest = soundfont_digest(file)
    if digest not in VERSIONS:
        return Finding(
            "soundfont",
            f"{file} is not the file that models learned with: MIDI would sound otherwise",
            f"{pip} --force-reinstall --no-deps pretty_midi",
        )
    return Finding("soundfont", f"{file}, sha256 {digest[:12]}…")


def _ear(pip: str) -> Finding:
    import numpy as np

    from earmark.features.ear.hearing import hear

    version = library_versions("onnxruntime")["onnxruntime"]
    mend = f"{pip} --force-reinstall onnxruntime"
    try:
        heard = hear(np.zeros(22_050, np.float32))
    except Exception as error:
        return Finding("ear", f"ONNX Runtime {version} cannot hear: {describe(error)}", mend)
    if not np.isfinite(heard.onset).all() or heard.onset.max() > 0.5:
        return Finding("ear", f"ONNX Runtime {version} hears notes in silence", mend)
    return Finding("ear", f"ONNX Runtime {version} hears")


def _ffmpeg() -> Finding:
    from earmark.music.recordings.ffmpeg import ffmpeg_version

    version = " ".join(ffmpeg_version().split()[:3])
    return Finding(
        "FFmpeg", version or "not installed: M4A, WMA and others need it (sudo apt-get install ffmpeg)"
    )


def _torch(pip: str) -> Finding:
    versions = library_versions("torch", "torchaudio")
    torch_version, audio_version = versions["torch"], versions["torchaudio"]
    if torch_version == ABSENT:
        return Finding("PyTorch", "not installed: only training needs it (pip install 'earmark[train]')")
    mend = f"{pip} --force-reinstall torch torchaudio"
    if audio_version != ABSENT and _minor(torch_version) != _minor(audio_version):
        return Finding("PyTorch", f"torch {torch_version} and torchaudio {audio_version} are no pair", mend)
    try:
        torch = importlib.import_module("torch")
    except Exception as error:
        return Finding("PyTorch", f"torch {torch_version} cannot be loaded: {describe(error)}", mend)
    if torch.cuda.is_available():
        return Finding("PyTorch", f"torch {torch_version} on {torch.cuda.get_device_name()}")
    if torch.backends.mps.is_available():
        return Finding("PyTorch", f"torch {torch_version} on the Apple GPU")
    if shutil.which("nvidia-smi"):
        return Finding(
            "PyTorch",
            f"torch {torch_version} does not see the GPU: its driver is older, or these are wheels for CPUs",
            f"nvidia-smi, and {mend}",
        )
    return Finding("PyTorch", f"torch {torch_version} on the CPU")


def _minor(version: str) -> str:
    return ".".join(version.split("+")[0].split(".")[:2])


def _folder(what: str, folder: Path, mend: str) -> Finding:
    """Whether a folder takes files, and has room."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".earmark-doctor-"):
            pass
    except OSError as error:
        return Finding(what, f"{folder} takes no files: {error.strerror}", mend)
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < LEAST_FREE_GB:
        return Finding(
            what, f"{folder}: {free_gb:.1f} GB are free", "earmark cache gc, or make room on this disk"
        )
    return Finding(what, f"{folder}, {free_gb:.0f} GB free")


def _store(project: Path) -> Finding:
    path, url = ".cache", ""
    try:
        from earmark.pipeline.settings.config import compose, workspace_overrides

        settings = compose(project / "conf", workspace_overrides(project / "overrides.yaml")).store
        path, url = settings.path, settings.url
    except ModuleNotFoundError:
        pass  # the light installation
    from earmark.store import Store

    root = Store.of(path, url, project).root
    nearest = next(place for place in (root, *root.parents) if place.is_dir())
    found = _folder("store", nearest, "set store.path or EARMARK_STORE to a folder that takes files")
    if url and not found.mend:
        from earmark.store.remote import filesystem_of

        try:
            files, place = filesystem_of(url)
            files.ls(place) if files.exists(place) else files.makedirs(place, exist_ok=True)
        except Exception as error:
            return Finding(
                "store", f"{url} cannot be reached: {describe(error)}", "mend store.url or the network"
            )
        return Finding("store", f"{found.said}, shared at {url}")
    return found


def _mlflow(workspace: Workspace) -> Finding:
    from earmark.pipeline.tracking.server import tracking_uri
    from earmark.pipeline.tracking.sqlite import shown_uri

    version = library_versions("mlflow")["mlflow"]
    if version == ABSENT:
        return Finding("MLflow", "not installed: only training needs it (pip install 'earmark[pipeline]')")
    uri = tracking_uri(workspace)
    if uri.startswith(("http://", "https://")):
        try:
            health = f"{uri.rstrip('/')}/health"
            # Of http addresses alone.
            with urllib.request.urlopen(health, timeout=PATIENCE_S) as answer:  # nosec B310
                answer.read(100)
        except OSError as error:
            said = f"{shown_uri(uri)} does not answer: {describe(error)}"
            return Finding("MLflow", said, "start that server, or unset MLFLOW_TRACKING_URI")
    elif uri.startswith("sqlite:"):
        file = workspace.project / "mlflow.db"
        if not os.environ.get("MLFLOW_TRACKING_URI") and file.exists() and not os.access(file, os.W_OK):
            return Finding("MLflow", f"{file} may not be written", f"sudo chown $USER {file}")
    return Finding("MLflow", f"{version}, {shown_uri(uri)}")
