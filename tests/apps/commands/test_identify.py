"""The command: what is printed, and with which exit status it ends."""

import csv
import io
import json
import os

import pytest
from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.foundation.words import in_utf8, printable
from earmark.identify.identifier import Identifier
from earmark.identify.inputs import Target
from earmark.identify.verdict import FIELDS, Neighbour, Verdict

RUN = CliRunner()
TITLE = "One [red] by somebody whose name goes on"


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """An identifier that knows every file whose name does not say bad."""

    def identify_all(self, targets: list[Target], workers=0):
        for target in targets:
            if "bad" in target.name:
                yield Verdict(target.name, error="cannot be read as audio: no")
            else:
                near = [Neighbour("p1", TITLE, "Ash", 0.5, 65.0, 3.0)]
                yield Verdict(
                    target.name,
                    "unknown",
                    "Ash",
                    0.75,
                    1.25,
                    reason="distance 1.25 is above 1",
                    neighbours=near,
                )

    monkeypatch.setattr(
        Identifier, "load", classmethod(lambda cls, folder, strictness: object.__new__(Identifier))
    )
    monkeypatch.setattr(Identifier, "identify_all", identify_all)
    (tmp_path / "bundle.yaml").touch()
    return ["--model", str(tmp_path)]


def run(*arguments):
    return RUN.invoke(app, ["identify", *arguments])


def test_people_get_a_table(fake):
    done = run("a.mid", *fake)
    assert done.exit_code == 0
    for word in ("a.mid", "unknown", "(Ash?)", "1.25", "1:05 → 0:03"):
        assert word in done.stdout


ODD_NAMES = (
    *("line\nend.mid", "car\rriage.mid", "\x1b[31mred.mid", "\x9b2K.mid", "a\u202egp.mid", '[red]".mid'),
    os.fsdecode(b"caf\xe9.mid"),
)


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("bad", ["", "bad "])
def test_a_name_is_shown_without_what_a_terminal_would_obey(fake, monkeypatch, tmp_path, name, bad):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{bad}{name}").touch()
    done = run(f"{bad}{name}", *fake)
    assert done.exit_code == (1 if bad else 0)
    assert printable(name) in (done.stderr if bad else done.stdout)
    for line in (done.stdout + done.stderr).split("\n"):
        assert line == printable(line)


def test_programs_get_every_name_as_it_is(fake, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for bad in ("", "bad "):
        paths = [f"{bad}{name}" for name in ODD_NAMES]
        for path in paths:
            (tmp_path / path).touch()
        table = list(csv.DictReader(io.StringIO(run(*paths, "--csv", *fake).stdout, newline="")))
        assert [row["path"] for row in table] == [in_utf8(path) for path in paths]
        done = run(*paths, "--json", *fake)
        assert [row["path"] for row in json.loads(done.stdout)] == paths
        assert [printable(line) for line in done.stdout.split("\n")] == done.stdout.split("\n")


def test_nothing_of_the_table_is_cut_on_a_narrow_terminal(fake, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    done = run("a.mid", *fake).stdout
    assert "…" not in done
    assert max(map(len, done.splitlines())) <= 80
    cells = [line.split("│")[-2].strip() for line in done.splitlines() if "│" in line]
    assert " ".join(cells).startswith("1:05 → 0:03 Ash: One [red] by somebody whose name goes on")


def test_programs_get_json_with_errors_in_their_place(fake):
    done = run("a.mid", "bad.wav", "--json", *fake)
    assert done.exit_code == 1
    one, bad = json.loads(done.stdout)
    assert tuple(one) == tuple(bad) == FIELDS
    assert (one["guess"], one["confidence"], one["reason"]) == ("Ash", None, "distance 1.25 is above 1")
    assert (one["verdict"], one["nearest"][0]["reference_start_s"], one["error"]) == ("unknown", 3.0, None)
    assert (bad["verdict"], bad["error"]) == (None, "cannot be read as audio: no")
    assert "bad.wav: cannot be read as audio: no" in done.stderr


def test_or_a_table_with_commas(fake):
    done = run("a, b.mid", "bad.wav", "--csv", *fake)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["path"] for row in rows] == ["a, b.mid", "bad.wav"]
    assert rows[0]["nearest"] == f"Ash: {TITLE}"
    assert rows[1]["verdict"] == ""


def test_wrong_usage_is_status_2(fake, tmp_path):
    assert run("a.mid", "--json", "--csv", *fake).exit_code == 2
    assert run("a.mid", "--model", str(tmp_path / "nothing")).exit_code == 2
    assert run().exit_code == 2
    assert run("a.mid", "--strictness", "lax", *fake).exit_code == 2
    (tmp_path / "empty").mkdir()
    done = run(str(tmp_path / "empty"), *fake)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)


def test_a_broken_bundle_is_one_line(tmp_path):
    (tmp_path / "bundle.yaml").write_text("format: other\n")
    done = run("a.mid", "--model", str(tmp_path))
    assert done.exit_code == 2
    assert done.stderr.startswith("earmark: error: ")
    assert done.stderr.count("\n") == 1
