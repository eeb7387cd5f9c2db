"""The command: what it refuses, and that it then writes nothing."""

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
class SizeIdentifier:
    """An identifier, and its recipe, to which a file is its size; one called bad cannot be heard."""

    bundle: Bundle

    @property
    def recipe(self):
        return self

    def listen(self, file):
        if "bad" in file.name:
            raise PieceError("cannot be read as audio: no")
        return file.stat().st_size, ""

    def embed(self, size):
        return np.full((2, 2), size, np.float32), np.array([0.0, 3.0])


@pytest.fixture
def source(monkeypatch, tmp_path):
    """A folder with a bundle of two labels and music."""
    decision = FittedPrototypes(["Ash", "Birch"], np.zeros((2, 2)), np.eye(2), 1.0, Rejection(1.0))
    references = {name: np.array([value]) for name, value in {"piece_id": "p", "label": "Ash"}.items()}
    references |= {"title": np.array([""]), "start_s": np.array([0.0])}
    bundle = Bundle({}, {}, decision, references, np.zeros((1, 2), np.float32))

    monkeypatch.setattr(Identifier, "load", classmethod(lambda cls, folder: SizeIdentifier(bundle)))
    for name, size in (("one.mid", 50), ("two.mid", 51), ("three.mid", 52), ("bad.wav", 1)):
        (tmp_path / "music").mkdir(exist_ok=True)
        (tmp_path / "music" / name).write_bytes(b"x" * size)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "bundle.yaml").write_text("the source\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["enroll", "models", *map(str, arguments)])


def test_a_new_bundle_and_what_to_think_of_it(source):
    done = run(
        "--label", "Cedar", *(f"music/{name}.mid" for name in ("one", "two", "three")), "--out", "new/one"
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert "new/one: 3 labels, Cedar from 3 pieces (6 clips)" in done.stdout
    assert "each piece by a prototype of the others: 1 of 3 recognised as Cedar" in done.stdout
    assert "Cedar" in (source / "new" / "one" / "bundle.yaml").read_text()
    assert [path.name for path in (source / "models").iterdir()] == ["bundle.yaml"]


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_three_pieces_are_a_warning(source, count):
    done = run("--label", "Cedar", *["music/one.mid", "music/two.mid"][:count], "--out", "new")
    assert done.exit_code == 0
    assert f"warning: {count} of at least 3 pieces" in done.stderr


def test_a_file_twice_counts_once(source):
    (source / "music" / "copy.mid").write_bytes(b"x" * 50)
    done = run("--label", "Cedar", "music/one.mid", "music/copy.mid", "--out", "new")
    assert "music/copy.mid: the same file again, counts once" in done.stderr
    assert "Cedar from 1 pieces" in done.stdout


def test_a_bad_file_is_said_and_nothing_is_written_unless_it_is_to_be_skipped(source):
    done = run("--label", "Cedar", "music", "--out", "new")
    assert "earmark: error: music/bad.wav: cannot be read as audio: no\n" in done.stderr
    assert done.exit_code == 1
    assert "nothing is written: 1 of the files" in done.stderr
    assert not (source / "new").exists()
    done = run("--label", "Cedar", "music", "--out", "new", "--skip-bad")
    assert done.exit_code == 0
    assert "music/bad.wav" in done.stderr
    assert "Cedar from 3 pieces" in done.stdout
    assert "no piece to enroll" in run("-l", "Cedar", "music/bad.wav", "-o", "x", "--skip-bad").stderr


@pytest.mark.parametrize("out", ["models", "models/new", "music", "music/one.mid", "music/one.mid/new", "."])
def test_what_is_there_is_never_written_to(source, out):
    before = sorted(source.rglob("*"))
    done = run("--label", "Cedar", "music/two.mid", "--out", out)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert sorted(source.rglob("*")) == before
    assert (source / "models" / "bundle.yaml").read_text() == "the source\n"


def test_a_label_that_is_there_needs_replace(source):
    assert "--replace" in run("--label", "Ash", "music/one.mid", "--out", "new").stderr
    done = run("--label", "Ash", "music/one.mid", "--out", "new", "--replace")
    assert "2 labels, Ash from 1 pieces" in done.stdout
