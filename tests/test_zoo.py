"""Every command and every stage through the zoo: no traceback, one line for each file, the right status."""

import importlib.util
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table
from earmark.music.sources.choice import use_folder
from earmark.pipeline import order
from earmark.pipeline.settings.config import compose

TESTS = Path(__file__).parent
ORDERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def module(path):
    spec = importlib.util.spec_from_file_location(f"zoo_{path.stem}", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


ZOO = module(TESTS / "zoo.py")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """The files of each kind, by name."""
    folder = tmp_path_factory.mktemp("zoo")
    makers = {"midi": ZOO.midi, "sound": ZOO.sound, "names": ZOO.names, "catalogs": ZOO.catalogs}
    return {kind: make(folder / kind) for kind, make in makers.items()}


@pytest.fixture(scope="module")
def tune(tmp_path_factory):
    """A good MIDI file."""
    file = tmp_path_factory.mktemp("good") / "tune.mid"
    file.write_bytes(ZOO.tune())
    return file


def run(capfd, *arguments):
    """Exit status and the lines of both streams; nothing goes past them, and nothing is a traceback."""
    done = CliRunner().invoke(app, [str(item) for item in arguments], env={"COLUMNS": "200"})
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert "Traceback" not in done.output
    assert not ORDERS.search(done.output)
    assert capfd.readouterr() == ("", "")  # of libraries in C
    return done.exit_code, done.stdout.splitlines(), done.stderr.splitlines()


def about_files(lines):
    """The lines about files, of which each begins alike."""
    found = [line for line in lines if line.startswith(("earmark: error: ", "earmark: warning: "))]
    counted = re.compile(r"\w+: \d+/\d+ files|\d+ files in ")
    others = [line for line in lines if line not in found and not counted.match(line)]
    assert others == []
    return [line for line in found if line.startswith("earmark: error: ")]


@pytest.mark.parametrize("kind", ["midi", "sound", "names"])
@pytest.mark.parametrize(
    "command",
    [
        ("identify", "--model", "key", "--workers", "1"),
        ("describe",),
        ("transcribe", "--csv", "--out"),
    ],
    ids=lambda command: command[0],
)
def test_a_command_says_one_line_for_each_bad_file(kinds, tmp_path, capfd, monkeypatch, command, kind):
    monkeypatch.chdir(tmp_path)
    files = [path for path in kinds[kind].values() if path.name != "folder.mid"]
    name, *options = command
    if options[-1:] == ["--out"]:
        options.append(tmp_path / "out")
    status, _, said = run(capfd, name, *files, *options)
    errors = about_files(said)
    assert status in (0, 1)
    assert bool(status) == bool(errors)
    assert len(errors) <= len(files)


def test_enrolling_the_zoo_writes_nothing_and_says_why(kinds, tmp_path, capfd, small_bundle):
    small_bundle.save(tmp_path / "bundle")
    files = [file for kind in ("midi", "sound") for file in kinds[kind].values()]
    options = ("--label", "Elm", "--workers", "1", "--out", tmp_path / "out")
    status, _, said = run(capfd, "enroll", tmp_path / "bundle", *files, *options)
    assert status == 1
    assert "nothing is written" in said[-1]
    about_files(said)
    assert not (tmp_path / "out").exists()


def test_tagging_a_folder_of_the_zoo_ends(kinds, tmp_path, capfd):
    for kind in ("midi", "sound", "names"):
        folder = next(iter(kinds[kind].values())).parent
        status, _, said = run(capfd, "tag", folder, "--key", "key", "--workers", "1")
        assert status in (0, 1)
        about_files(said)


def test_comparing_with_one_of_the_zoo_is_one_line(kinds, tune, capfd):
    for file in (kinds["midi"]["cut_header"], kinds["sound"]["silent"], kinds["names"]["pipe"]):
        status, _, said = run(capfd, "compare", tune, file, "--model", "composer")
        assert (status, len(said)) == (1, 1) or (status, len(said)) == (2, 1)


def test_a_spoilt_bundle_is_one_line_of_every_command(tmp_path, tune, capfd):
    recording = ZOO.sound(tmp_path / "sound")["noise_steady"]
    for folder in ZOO.bundles(tmp_path).values():
        for command in (
            ("identify", tune, "--model", folder),
            ("tag", recording, "--composer", folder),
            ("enroll", folder, tune, "--label", "Elm", "--out", tmp_path / "out"),
            ("compare", tune, tune, "--model", folder),
        ):
            status, printed, said = run(capfd, *command)
            assert (status, printed, len(said)) == (2, [], 1), (command, said)
            assert said[0].startswith("earmark: error: ")


@pytest.fixture
def checkout(tmp_path):
    """A checkout with settings under which stages are quick."""
    small = module(TESTS / "pipeline" / "conftest.py")
    project = tmp_path / "project"
    project.mkdir()
    (project / "dvc.yaml").touch()
    (project / "conf").symlink_to(TESTS.parent / "conf")
    (project / "overrides.yaml").write_text("overrides: []\n")
    return Workspace.at(project), compose(project / "conf", [*small.SMALL, "tracking.log_bundle=none"])


def test_a_catalog_of_the_zoo_is_one_line_or_is_used(kinds, checkout, capfd, monkeypatch):
    workspace, _ = checkout
    monkeypatch.chdir(workspace.project)
    for file in kinds["catalogs"].values():
        status, _, said = run(capfd, "use", file)
        assert status in (0, 2)
        if status:
            assert len(said) == 1
            assert said[0].startswith("earmark: error: ")


def test_the_stages_quarantine_the_zoo_by_name_and_reason(tmp_path, checkout, capfd):
    workspace, config = checkout
    music = tmp_path / "music"
    small = module(TESTS / "pipeline" / "conftest.py")
    small.write_corpus(music)
    for make in (ZOO.midi, ZOO.sound, ZOO.names):
        make(music / "Zoo")
    use_folder(workspace.source, music)
    for stage in ("ingest", "render", "validate", "features", "split"):
        try:
            order.run_stage(stage, config, workspace)
        except EarmarkError as error:
            pytest.fail(f"{stage}: {error}")
    printed = capfd.readouterr()
    assert printed.err == ""
    assert not ORDERS.search(printed.out)
    quarantine, pieces = read_table(workspace.quarantine), read_table(workspace.pieces)
    assert (quarantine.reason.str.len() > 0).all()
    assert not quarantine.reason.str.contains("\n|Traceback|Error:").any()
    spoilt = {"cut_header.mid", "noise.mid", "silent.wav", "rate_0.wav", "not_numbers.wav", "archive.wav"}
    assert spoilt <= {Path(path).name for path in quarantine.path}
    assert set(quarantine.path) & set(pieces.path) == set()
