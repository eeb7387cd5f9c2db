"""The package's structure: its rooms, which room may import which, and which library each may know."""

import ast
import json
import subprocess
import sys

import pytest

from earmark.foundation.closure import PACKAGE, imports

# From the ground up: a room imports from itself and from the floors below.
FLOORS = (
    "foundation",
    "store",
    "music",
    "features",
    "decisions",
    "models",
    "learning",
    "bundle",
    "identify",
    "evaluation",
    "pipeline",
    "experiments",
    "apps",
)
MOST_NAMES = 15
LIGHT = ("foundation", "store", "music", "features", "decisions", "bundle", "identify", "apps.tags")
HEAVY = ("torch", "pytorch_lightning", "lightning", "hydra", "dvc", "mlflow", "pandas", "music21")
# Libraries that run experiments: other rooms must not import them at all.
DRIVERS = ("hydra", "dvc", "mlflow")
DRIVERS_ROOMS = ("pipeline", "experiments")
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base", "core"}


def room_of(file):
    """The room that a file of the package lies in; "" for the package's own __init__."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py").replace("__init__", "")


def test_the_package_shows_its_rooms_and_nothing_else():
    names = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    assert {name.removesuffix(".py") for name in names} == {"__init__", "catalogue", *FLOORS}
    assert len(names) <= MOST_NAMES


def test_imports_run_downwards():
    rising = [
        f"{file.relative_to(PACKAGE)} -> {other.relative_to(PACKAGE)}"
        for file in PACKAGE.rglob("*.py")
        if room_of(file)
        for other in imports(file)
        if room_of(other) and FLOORS.index(room_of(other)) > FLOORS.index(room_of(file))
    ]
    assert rising == []


def test_no_module_has_a_name_that_says_nothing():
    names = {file.stem for file in PACKAGE.rglob("*.py")} | {
        folder.name for folder in PACKAGE.rglob("*") if folder.is_dir()
    }
    assert names & VAGUE_NAMES == set()


def test_hydra_dvc_and_mlflow_are_known_to_pipeline_and_experiments_alone():
    knowing = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            if any(name.partition(".")[0] in DRIVERS for name in names):
                knowing.add(file.relative_to(PACKAGE).as_posix())
    assert {name for name in knowing if not name.startswith(DRIVERS_ROOMS)} == set()


def modules_of(room):
    """Dotted names of all modules of a room."""
    base = PACKAGE.joinpath(*room.split("."))
    files = [base.with_suffix(".py")] if base.with_suffix(".py").is_file() else sorted(base.rglob("*.py"))
    dotted = (".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts) for file in files)
    return [name.removesuffix(".__init__") for name in dotted]


@pytest.mark.parametrize("room", LIGHT)
def test_a_light_room_imports_nothing_heavy(room):
    code = (
        "import importlib, json, sys\n"
        f"for name in {modules_of(room)!r}: importlib.import_module(name)\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
