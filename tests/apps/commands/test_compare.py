"""The command: probability, distance and threshold, for people and for programs."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.bundle import Bundle
from earmark.decisions.prototype import FittedPrototypes
from earmark.decisions.rejection import Rejection
from earmark.foundation.errors import PieceError
from earmark.identify.identifier import Identifier


@dataclass
class NumberIdentifier:
    """An identifier, and its recipe, of files that hold a number: their place on a line."""

    bundle: Bundle

    @property
    def recipe(self):
        return self

    def hear(self, file):
        if not file.is_file():
            raise PieceError("there is no such file")
        return float(file.read_text())

    def embed(self, place):
        return np.array([[place - 1], [place + 1]]), np.zeros(2)


@pytest.fixture(autouse=True)
def model(monkeypatch, tmp_path):
    """Labels at 0 and 10 on a line, 8 pieces each; where a file lies is what it holds."""
    places = np.r_[np.arange(8) / 8, 10 + np.arange(8) / 8].astype(np.float32)[:, None]
    references = {
        "piece_id": np.array([f"p{n}" for n in range(16)]),
        "label": np.repeat(["Ash", "Birch"], 8),
        "title": np.repeat("", 16),
        "start_s": np.zeros(16),
    }
    decision = FittedPrototypes(["Ash", "Birch"], np.array([[0.0], [10.0]]), np.eye(1), 1.0, Rejection())
    fake = NumberIdentifier(Bundle({}, {}, decision, references, places))
    monkeypatch.setattr(Identifier, "load", classmethod(lambda cls, folder: fake))
    (tmp_path / "bundle.yaml").touch()
    for name, place in (("a", 1), ("b", 1.5), ("c", 9)):
        (tmp_path / f"{name}.mid").write_text(str(place))
    monkeypatch.chdir(tmp_path)


def run(*arguments, **more):
    return CliRunner().invoke(app, ["compare", *arguments, "--model", "."], **more)


def test_programs_get_an_object():
    done = run("a.mid", "b.mid", "--json")
    assert done.exit_code == 0
    printed = json.loads(done.stdout)
    assert (printed["a"], printed["b"], printed["distance"], printed["same"]) == ("a.mid", "b.mid", 0.5, True)
    assert printed["probability"] > 0.9
    assert 0.875 < printed["threshold"] < 10 - 0.875  # between pairs of one label and of two
    assert printed["equal_error_rate"] == 0
    assert printed["calibrated_on"] == {
        "training_pieces": 16,
        "pairs_of_equal_label": 2 * 28,
        "pairs_of_different_label": 64,
    }
    far = json.loads(run("a.mid", "c.mid", "--json").stdout)
    assert (far["distance"], far["same"]) == (8, False)
    assert far["probability"] < 0.1


def test_people_are_told_what_is_measured_and_what_it_rests_on():
    words = run("a.mid", "c.mid").stdout
    assert "8.000  distance of the pieces' means, beyond the equal-error threshold" in words
    assert "probability of one label (of the kind of Ash, Birch)" in words
    assert "120 pairs of 16 training pieces" in words
    assert "take it as a hint" in words
    assert "nearer than the equal-error threshold" in run("a.mid", "b.mid").stdout


def test_standard_input_is_one_of_the_two():
    printed = json.loads(run("-", "c.mid", "--json", input="9").stdout)
    assert (printed["a"], printed["distance"]) == ("-", 0)
    assert "holds one piece" in run("-", "-").stderr


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [("no.mid", 1, "no.mid: there is no such file"), (".", 2, ". is 3 files: compare takes two pieces")],
)
def test_what_is_not_one_piece_is_one_line(name, status, message):
    done = run("a.mid", name)
    assert (done.exit_code, done.stderr) == (status, f"earmark: error: {message}\n")
