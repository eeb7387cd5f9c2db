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
LABELS = ("Ash", "Birch")


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """An identifier that knows every file whose name does not say bad."""

    def identify_all(self, targets: list[Target], workers=0):
        for target in targets:
            if "bad" in target.name:
                yield Verdict(target.name, error="cannot be read as audio: no")
            else:
                near = [Neighbour("p1", TITLE, "Ash", 0.5, 65.0, 3.0)]
                known = next((label for label in LABELS if label.lower() in target.name), "")
                yield Verdict(
                    target.name,
                    known or "unknown",
                    known or "Ash",
                    0.9 if known == "Ash" else 0.75,
                    1.25,
                    reason="" if known else "distance 1.25 is above 1",
                    neighbours=near,
                )

    monkeypatch.setattr(
        Identifier, "load", classmethod(lambda cls, folder, strictness, kept: object.__new__(Identifier))
    )
    monkeypatch.setattr(Identifier, "identify_all", identify_all)
    monkeypatch.setattr(Identifier, "labels", list(LABELS))
    (tmp_path / "bundle.yaml").touch()
    return ["--model", str(tmp_path)]


def run(*arguments):
    return RUN.invoke(app, ["identify", *arguments])


@pytest.fixture
def library(tmp_path):
    """A folder of two works, of which one file cannot be heard."""
    for name in ("one/ash 1.mid", "one/what.mid", "two/birch.mid", "two/ash 2.mid", "two/bad.mid"):
        (tmp_path / "music" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "music" / name).write_bytes(b"MThd")
    return tmp_path / "music"


def test_people_get_a_line_with_its_evidence_for_one_file(fake):
    done = run("a.mid", *fake)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "unknown (Ash?)          a.mid",
        "    unknown because distance 1.25 is above 1",
        f"    1:05 → 0:03  Ash: {TITLE}",
    ]
    assert run("a.mid", "--no-nearest", *fake).stdout.splitlines() == ["unknown (Ash?)          a.mid"]


def test_and_a_line_for_each_of_many_by_its_path_below_the_folder(fake, library):
    done = run(str(library), *fake)
    assert done.stdout.splitlines() == [
        "Ash               0.90  one/ash 1.mid",
        "unknown (Ash?)          one/what.mid",
        "Ash               0.90  two/ash 2.mid",
        "Birch             0.75  two/birch.mid",
    ]
    error, said = done.stderr.splitlines()
    assert error == f"earmark: error: {library}/two/bad.mid: cannot be read as audio: no"
    assert said.startswith("5 files in 0.")
    assert said.endswith(" s: 3 known (Ash 2, Birch 1), 1 unknown, 1 not heard")
    assert done.exit_code == 1


def test_files_of_several_folders_are_called_by_their_whole_paths(fake, library):
    done = run(str(library / "one"), str(library / "two"), *fake)
    assert [line[24:] for line in done.stdout.splitlines()] == [
        *(f"{library}/one/ash 1.mid", f"{library}/one/what.mid"),
        *(f"{library}/two/ash 2.mid", f"{library}/two/birch.mid"),
    ]


def test_only_what_is_known_and_in_which_order(fake, library):
    def shown(*options):
        return [line[24:] for line in run(str(library), *options, *fake).stdout.splitlines()]

    assert shown("--known-only") == ["one/ash 1.mid", "two/ash 2.mid", "two/birch.mid"]
    assert shown("--sort", "confidence") == [
        *("one/ash 1.mid", "two/ash 2.mid", "two/birch.mid", "one/what.mid"),
    ]
    assert shown("--sort", "verdict", "--known-only") == ["one/ash 1.mid", "two/ash 2.mid", "two/birch.mid"]
    rows = [
        json.loads(line)
        for line in run(str(library), "--jsonl", "--sort", "verdict", *fake).stdout.splitlines()
    ]
    assert [row["verdict"] for row in rows] == ["Ash", "Ash", "Birch", "unknown", None]
    done = run(str(library), "--sort", "colour", *fake)
    assert (done.exit_code, "--sort colour is none of path, verdict" in done.stderr) == (2, True)


@pytest.mark.parametrize("form", [[], ["--jsonl"], ["--csv"]])
def test_verdicts_are_printed_while_others_are_heard(fake, monkeypatch, form):
    printed = []
    monkeypatch.setattr("builtins.print", lambda *said, **_: printed.append(" ".join(map(str, said))))

    def identify_all(self, targets, workers=0):
        for number, target in enumerate(targets):
            assert sum("ash" in line for line in printed) == number
            yield Verdict(target.name, "Ash", "Ash", 0.9, 1.0)

    monkeypatch.setattr(Identifier, "identify_all", identify_all)
    assert run("ash1.mid", "ash2.mid", "ash3.mid", *form, *fake).exit_code == 0
    assert sum("ash" in line for line in printed) == 3


def test_json_lines_are_the_objects_of_json(fake, library):
    one = json.loads(run(str(library), "--json", *fake).stdout)
    lines = run(str(library), "--jsonl", *fake).stdout.splitlines()
    assert [json.loads(line) for line in lines] == one
    assert len(one) == 5
    known = json.loads(run(str(library), "--json", "--known-only", *fake).stdout)
    assert [row["verdict"] for row in known] == ["Ash", "Ash", "Birch"]


def test_pictures_lie_in_folders_as_the_files_do(fake, library, monkeypatch, tmp_path):
    import numpy as np

    from earmark.identify.listen import HeardFile

    drawn = []
    monkeypatch.setattr(
        "earmark.identify.listen.hear_all",
        lambda recipe, targets, workers: (HeardFile(target, np.zeros((1, 1, 1))) for target in targets),
    )
    monkeypatch.setattr(Identifier, "recipe", None, raising=False)
    monkeypatch.setattr(Identifier, "verdict_on", lambda self, file: Verdict(file.target.name, "Ash", "Ash"))
    monkeypatch.setattr(
        "earmark.identify.explain.explain_verdict",
        lambda identifier, verdict, features, path: drawn.append(path),
    )
    done = run(str(library), str(library / "one/what.mid"), "--explain", str(tmp_path / "why"), *fake)
    assert done.exit_code == 0
    assert [str(path.relative_to(tmp_path / "why")) for path in drawn] == [
        *("one/ash 1.mid.png", "one/what.mid.png", "two/ash 2.mid.png", "two/bad.mid.png"),
        *("two/birch.mid.png", "what.mid.png"),
    ]
    drawn.clear()
    twice = [str(library / "one/what.mid")] * 2
    run(*twice, "--explain", str(tmp_path / "why"), *fake)
    assert [path.name for path in drawn] == ["what.mid.png", "what.mid-2.png"]


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


def test_nothing_of_a_line_is_cut_on_a_narrow_terminal(fake, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    done = run("a name that is longer than the terminal is wide.mid", *fake).stdout
    assert "a name that is longer than the terminal is wide.mid" in done
    assert f"1:05 → 0:03  Ash: {TITLE}" in done


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
    assert run("a.mid", "--json", "--jsonl", *fake).exit_code == 2
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
