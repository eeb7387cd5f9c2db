"""The command `earmark`, as somebody types it."""

import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from earmark import __version__
from earmark.apps import cli
from earmark.foundation.errors import EarmarkError, PieceError

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of our own, entered at one of its folders."""
    root = tmp_path / "checkout"
    shutil.copytree(PROJECT / "conf", root / "conf")
    (root / "dvc.yaml").touch()
    (root / "data").mkdir()
    (root / "data" / "source").write_text("default\n")
    monkeypatch.chdir(root / "conf")
    return root


@pytest.fixture
def music(tmp_path):
    for name in ("Bach/a.mid", "Bach/b.mid", "Bach/d.mid", "Cage/c.wav", "Cage/e.mid", "Cage/f.mid"):
        (tmp_path / "music" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "music" / name).touch()
    return tmp_path / "music"


def earmark(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def shell(monkeypatch, capsys, *arguments):
    """Exit status, stdout and stderr of the console script."""
    monkeypatch.setattr("sys.argv", ["earmark", *map(str, arguments)])
    status = 0
    try:
        cli.main()
    except SystemExit as end:
        status = end.code or 0
    return status, *capsys.readouterr()


def test_version():
    done = earmark("--version")
    assert (done.exit_code, done.stdout) == (0, f"earmark {__version__}\n")


def test_use_a_folder(checkout, music):
    done = earmark("use", music)
    assert done.exit_code == 0
    assert done.stdout == "The next `dvc repro` learns from 6 pieces of 6 works; 2 known labels.\n"
    assert os.readlink(checkout / "data" / "source") == str(music)


def test_use_tells_what_it_leaves_out_by_name_and_other_files_by_kind(checkout, music):
    (music / "Bach" / "page.mp3").write_bytes(b"<!DOCTYPE html><html>404</html>")
    (music / "Bach" / "score.mid").write_bytes(b"<?xml version='1.0'?>")
    for name in ("cover.jpg", "back.jpg", "notes.txt"):
        (music / "Bach" / name).touch()
    done = earmark("use", music)
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "2 of them left out:",
        "  Bach/page.mp3: is a web page, not music",
        "  Bach/score.mid: is an XML file (scores are read as MIDI), not music",
        "Not used: 2 .jpg, 1 .txt.",
    ]


def test_one_file_of_music_is_no_source(checkout, music):
    done = earmark("use", music / "Bach" / "a.mid")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"earmark: error: {music}/Bach/a.mid is one file of music: give a folder")


def test_use_a_csv_counts_strangers_and_says_what_is_missing(checkout, music):
    (music / "list.csv").write_text(
        "path;label;group;role\nBach/a.mid;Bach;Suite;\nBach/b.mid;Bach;Suite;\nBach/d.mid;Bach;;\n"
        "Bach/D.mid;Bach;Lost\x1b[31m;\nlist.csv;Bach;;\nCage/c.wav;Cage;;\nCage/e.mid;Cage;;\nCage/f.mid;Cage;;\n"
        "../music/Bach/b.mid;Bach;Other;\n../music/Cage/f.mid;;;unknown-test\n"
    )
    done = earmark("use", music / "list.csv")
    assert done.exit_code == 0
    assert done.stdout == (
        "The next `dvc repro` learns from 8 pieces of 7 works, 1 of them by strangers; 2 known labels.\n"
    )
    assert done.stderr.splitlines() == [
        "2 of them left out:",
        "  Bach/D.mid: cannot be read: No such file or directory",
        "  list.csv: not a kind of music file that is known: .csv",
    ]


def test_a_label_with_too_few_works_is_told_with_status_2_and_nothing_is_chosen(checkout, music):
    (music / "Bach" / "b.mid").unlink()
    (music / "Bach" / "b.mid").symlink_to("nowhere")
    done = earmark("use", music)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("earmark: error: too few works of Bach (2): a label needs 3")
    assert done.stderr.count("\n") == 1
    assert "data.min_works=3 in overrides.yaml" in done.stderr
    assert (checkout / "data" / "source").read_text() == "default\n"


def test_a_label_with_too_few_works_is_left_out_where_the_settings_say_so(checkout, music):
    for name in ("Byrd/a.mid", "Abel/b.mid", "Abel/c.mid", "Dowland/a.mid", "Dowland/b.mid", "Dowland/c.mid"):
        (music / name).parent.mkdir(exist_ok=True)
        (music / name).touch()
    assert earmark("use", music).exit_code == 2
    (checkout / "overrides.yaml").write_text("overrides: [data.min_works=3]\n")
    done = earmark("use", music)
    assert done.exit_code == 0
    assert done.stdout == "The next `dvc repro` learns from 9 pieces of 9 works; 3 known labels.\n"
    assert done.stderr.splitlines() == [
        "3 of them left out:",
        "  Abel/b.mid: its label has too few works: 2, and data.min_works=3",
        "  Abel/c.mid: its label has too few works: 2, and data.min_works=3",
        "  Byrd/a.mid: its label has too few works: 1, and data.min_works=3",
    ]
    (checkout / "overrides.yaml").write_text("overrides: [data.min_works=4]\n")
    assert (
        "not one of the 12 files can be used, the first: Abel/b.mid: its label"
        in earmark("use", music).stderr
    )
    (checkout / "overrides.yaml").write_text("overrides: [data.min_works=1]\n")  # for earmark describe
    assert earmark("use", music).exit_code == 0


@pytest.mark.parametrize(
    ("override", "status"),
    [
        ('data.group_pattern="^(.*?)/"', 2),
        ("data.merge={Johns: [Bach, Cage]}", 2),
        ("data.merge={Johns: [Byrd, Abel], Bach: [Dowland]}", 0),
        ("data.min_confidence=0.5", 0),
    ],
)
def test_works_are_counted_as_the_settings_make_them(checkout, music, override, status):
    for name in ("Byrd/a.mid", "Abel/b.mid", "Abel/c.mid", "Dowland/a.mid"):
        (music / name).parent.mkdir(exist_ok=True)
        (music / name).touch()
    if status == 0 and "merge" not in override:
        for label in ("Byrd", "Abel", "Dowland"):
            shutil.rmtree(music / label)
    (checkout / "overrides.yaml").write_text(f"overrides:\n- '{override}'\n")
    done = earmark("use", music)
    assert done.exit_code == status, done.stderr


def test_a_source_of_which_no_file_can_be_used_is_not_chosen(checkout, music):
    (music / "list.csv").write_text("path,label\nlost.mid,Bach\ngone.mid,Bach\n")
    done = earmark("use", music / "list.csv")
    assert done.exit_code == 2
    assert "not one of the 2 files can be used, the first: lost.mid: cannot be read: No such" in done.stderr
    assert (checkout / "data" / "source").read_text() == "default\n"


def test_use_default_brings_the_corpus_back(checkout, music):
    earmark("use", music)
    done = earmark("use", "default")
    assert done.exit_code == 0
    assert (checkout / "data" / "source").read_text().startswith("default\n")
    assert (music / "Bach" / "a.mid").is_file()


def test_a_folder_that_is_called_default_is_used(checkout, music):
    music.rename(checkout / "conf" / "default")
    assert earmark("use", "default").exit_code == 0
    assert os.readlink(checkout / "data" / "source") == str(checkout / "conf" / "default")


def test_a_path_of_the_shell_may_start_with_a_tilde(checkout, music, monkeypatch):
    monkeypatch.setenv("HOME", str(music.parent))
    assert earmark("use", "~/music").exit_code == 0
    assert os.readlink(checkout / "data" / "source") == str(music)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (None, "does not exist: give a folder, a CSV file, mirdata:NAME or `default`"),
        ("folder", "holds no music: expected"),
        ("label,size\nBach,3\n", "has no column 'path'"),
        ("path,label\n", "lists no pieces"),
        ("path,label,role\na.mid,Bach,stranger\n", "line 2: role 'stranger'"),
        (b"MThd\x00\x00\x00\x06\xff\xfe", "is not a CSV table"),
    ],
)
def test_a_source_that_cannot_be_used_is_one_line_and_status_2(
    checkout, tmp_path, monkeypatch, capsys, make, message
):
    path = tmp_path / "given"
    if make == "folder":
        path.mkdir()
    elif isinstance(make, bytes):
        path.write_bytes(make)
    elif make is not None:
        path.write_text(make)
    status, out, err = shell(monkeypatch, capsys, "use", path)
    assert (status, out) == (2, "")
    assert err.startswith(f"earmark: error: {path}")
    assert message in err
    assert err.count("\n") == 1
    assert (checkout / "data" / "source").read_text() == "default\n"


def test_outside_of_a_checkout_is_one_line_and_status_2(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status, out, err = shell(monkeypatch, capsys, "use", "default")
    assert (status, out) == (2, "")
    assert err.startswith("earmark: error: ")
    assert "is not inside an earmark project" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [("use",), ("use", "a", "b"), ("usse", "default"), ("--verbos",)])
def test_what_the_command_does_not_know_is_a_usage_error(checkout, arguments):
    done = earmark(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def command_names(group, prefix=""):
    """Names of all commands as they are typed, those of groups included: `cache ls`."""
    for name, command in group.commands.items():
        yield f"{prefix}{name}"
        if isinstance(command, typer.core.TyperGroup):
            yield from command_names(command, f"{prefix}{name} ")


COMMANDS = list(command_names(typer.main.get_command(cli.app)))


def test_help_names_all_commands():
    done = earmark("--help")
    assert done.exit_code == 0
    assert len(COMMANDS) > 10
    first_words = {line.strip("│ ").partition(" ")[0] for line in done.stdout.splitlines()}
    assert {name for name in COMMANDS if " " not in name} <= first_words


@pytest.mark.parametrize("name", COMMANDS)
def test_help_flows_and_has_examples(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    done = earmark(*name.split(), "--help")
    assert done.exit_code == 0
    assert "\\b" not in done.stdout
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert any(line.startswith(f"earmark {name}") for line in lines), "an example"
    prose = lines[: next(place for place, line in enumerate(lines) if line.startswith("╭"))]
    full = [line for line in prose if line and not line.startswith(("earmark", "Usage"))]
    # A line that ends early ends a paragraph: the next word would not have fitted.
    for line, following in pairwise(prose):
        if line in full and following in full:
            assert len(f"{line} {following.split()[0]}") > 78


def test_an_error_in_one_file_is_1_and_wrong_usage_2(monkeypatch):
    for error, status in ((PieceError("bad file"), 1), (EarmarkError("no such model"), 2)):

        def fail(*_, error=error):
            raise error

        monkeypatch.setattr("earmark.identify.locate.find_bundle", fail)
        done = earmark("compare", "a.mid", "b.mid")
        assert (done.exit_code, done.stdout, done.stderr) == (status, "", f"earmark: error: {error}\n")


def test_nothing_heavy_is_imported_before_it_is_needed(python):
    code = "import sys; from earmark.apps import cli\nprint(sorted(set(sys.argv[1:]) & set(sys.modules)))"
    out, err = python(code, "numpy", "pandas", "torch", "hydra", "mlflow", "matplotlib").communicate(
        timeout=60
    )
    assert (out, err) == ("[]\n", "")


def test_the_shell_completes_commands(tmp_path):
    """As the script of --show-completion asks."""
    asked = {"_EARMARK_COMPLETE": "complete_bash", "COMP_WORDS": "earmark de", "COMP_CWORD": "1"}
    command = [
        sys.executable,
        "-c",
        "from earmark.apps.cli import main; import sys; sys.argv[0] = 'earmark'; main()",
    ]
    done = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True)
    assert sorted(done.stdout.split()) == ["demo", "describe"]


@pytest.mark.parametrize(
    ("name", "extra"),
    [("torch", "train"), ("pandas.core", "train"), ("hydra", "pipeline"), ("mlflow", "mlflow")],
)
def test_a_library_of_an_extra_is_named_in_one_line(music, monkeypatch, name, extra):
    monkeypatch.setattr("earmark.identify.describe.sound.write_sound", missing(name))
    refused_for(earmark("describe", music / "Bach" / "a.mid"), name, extra)


@pytest.mark.parametrize("name", ["pandas", "filelock", "omegaconf", "mlflow"])
def test_what_a_project_needs_is_one_extra(checkout, monkeypatch, name):
    """Not one for the first library that is missed, and another for the next."""
    monkeypatch.setattr("earmark.music.sources.choice.use_default", missing(name))
    refused_for(earmark("use", "default"), name, "pipeline")


def missing(name):
    def imported(*arguments, **settings):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    return imported


def refused_for(done, name, extra):
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"earmark: error: this needs {name}, which is not installed: pip install 'earmark[{extra}]'\n"
    )
