"""The command `earmark`, as somebody types it."""

import os
import subprocess
import sys
from itertools import pairwise

import pytest
import typer
from typer.testing import CliRunner

from earmark import __version__
from earmark.apps import cli
from earmark.foundation.errors import EarmarkError, PieceError


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of our own, entered at one of its folders."""
    root = tmp_path / "checkout"
    (root / "conf").mkdir(parents=True)
    (root / "dvc.yaml").touch()
    (root / "data").mkdir()
    (root / "data" / "source").write_text("default\n")
    monkeypatch.chdir(root / "conf")
    return root


@pytest.fixture
def music(tmp_path):
    for name in ("Bach/a.mid", "Bach/b.mid", "Cage/c.wav"):
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
    assert done.stdout == "The next `dvc repro` learns from 3 pieces of 3 works; 2 known labels.\n"
    assert os.readlink(checkout / "data" / "source") == str(music)


def test_use_a_csv_counts_strangers_and_says_what_is_missing(checkout, music):
    (music / "list.csv").write_text(
        "path,label,group,role\nBach/a.mid,Bach,Suite,\nBach/b.mid,Bach,Suite,\n"
        "Cage/c.wav,Cage,,\nlost.mid,,,unknown-test\n"
    )
    done = earmark("use", music / "list.csv")
    assert done.exit_code == 0
    assert done.stdout == (
        "The next `dvc repro` learns from 4 pieces of 3 works, 1 of them by strangers; 2 known labels.\n"
    )
    assert done.stderr.splitlines() == [
        "too few works, a label needs 3: Bach (1), Cage (1)",
        f"1 of them are not there, for example {music / 'lost.mid'}",
    ]


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
        (None, "does not exist: give a folder, a CSV file, or `default`"),
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
    assert "is not inside an earmark checkout" in err
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
