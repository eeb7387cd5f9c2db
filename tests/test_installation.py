"""What `pip install earmark` brings: few distributions, and none that learns."""

import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1]
MOST_DISTRIBUTIONS = 25
HEAVY = {
    *("torch", "torchaudio", "pytorch-lightning", "dvc", "hydra-core", "mlflow", "pandas", "music21"),
    *("matplotlib", "scipy", "scikit-learn", "pydantic"),
}


def closure(requirements):
    """Names of all distributions that requirements bring, by the metadata of those installed here."""
    found, waiting = set(), [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if (name, frozenset(requirement.extras)) in found:
            continue
        found.add((name, frozenset(requirement.extras)))
        needed = [Requirement(text) for text in metadata.requires(name) or []]
        waiting += [(other, extra) for other in needed for extra in ("", *requirement.extras)]
    return {name for name, _ in found}


def test_the_base_installation_is_small():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    brought = closure(project["dependencies"]) | {"earmark"}
    assert "numpy" in brought
    assert brought & HEAVY == set()
    assert len(brought) <= MOST_DISTRIBUTIONS, sorted(brought)


def test_the_closure_follows_markers_and_extras():
    assert closure(["mido>=1.3", 'torch; extra == "never"']) == {"mido", "packaging"}
    assert "coverage" not in closure(["pytest"])
