"""docs/tour.ipynb runs, and the outputs that are kept in it are those of its code."""

import re
from pathlib import Path

import nbformat
import pytest

DOCS = Path(__file__).parents[2] / "docs"
FIGURE = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?")


@pytest.fixture(scope="module")
def kept():
    return nbformat.read(DOCS / "tour.ipynb", as_version=4)


def texts(notebook):
    """What each cell printed or gave, figures and hashes aside."""
    found = []
    for cell in notebook.cells:
        outputs = [
            output.get("text", output.get("data", {}).get("text/plain", ""))
            for output in cell.get("outputs", ())
        ]
        text = re.sub(r"\b[0-9a-f]{8}\b", "0", "\n".join(outputs))
        found.append(" ".join(FIGURE.sub("0", text).split()))
    return found


def test_it_prints_what_it_shows(kept, monkeypatch):
    from nbclient import NotebookClient

    # Where CI is set, pretty_midi, with which the notebook writes its corpus, prints the path of FluidSynth.
    for name in ("CI", "MLFLOW_TRACKING_URI", "EARMARK_STORE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    fresh = nbformat.from_dict(kept)
    NotebookClient(fresh, timeout=1500, resources={"metadata": {"path": str(DOCS)}}).execute()
    assert texts(fresh) == texts(kept)


def test_its_outputs_are_there_and_name_no_place_of_a_machine(kept):
    code = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert all(cell.outputs for cell in code)
    assert sum("image/png" in output.get("data", {}) for cell in code for output in cell.outputs) == 2
    assert not re.search(r"/(?:tmp|home)/", "".join(texts(kept)))
