"""`dvc repro` with folders and catalogs that hold what DVC cannot read: it neither stops nor waits."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from earmark.music.catalog import read_table

PROJECT = Path(__file__).parents[2]
COPIED = ("conf", "data/corpora", "stages", "src", ".dvc/config", ".dvcignore", ".gitignore", "dvc.yaml")
LIMIT_S = 120  # a pipe would be waited for without end


@pytest.fixture
def checkout(tmp_path, settings):
    """A checkout; called with a command it gives what is printed, both streams."""
    folder = tmp_path / "checkout"
    for name in COPIED:
        origin, copy = PROJECT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(origin, copy)
    overrides = ", ".join(settings)
    (folder / "overrides.yaml").write_text(f"overrides: [{overrides}]\n")
    places = {
        "PYTHONPATH": str(folder / "src"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    def run(*command):
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **places},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT_S,
            check=False,
        )
        text = done.stdout.decode()
        assert done.returncode == 0, text
        return text

    run("git", "init", "-q")
    run.folder = folder
    return run


def add_music(folder):
    for label in ("Bach", "Byrd"):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            (folder / label / f"{number}.mid").write_text(f"{label} {number}")


def add_unreadable(folder, monkeypatch):
    """Add one of everything that DVC cannot hash; their names."""
    bach = folder / "Bach"
    (bach / "nowhere.mid").symlink_to("gone.mid")
    (bach / "circle.mid").symlink_to("circle.mid")
    (bach / "zero.mid").symlink_to("/dev/zero")
    os.mkfifo(bach / "pipe.mid")
    os.mkfifo(bach / "odd *[a]?\n.mid")
    os.mkfifo(folder / ".hidden")
    (bach / "notes.txt").symlink_to("gone.txt")
    (bach / "loop").symlink_to("..", target_is_directory=True)
    (bach / os.fsdecode(b"caf\xe9.mid")).write_text("x")
    (bach / os.fsdecode(b"op\xe9ra")).mkdir()
    (bach / os.fsdecode(b"op\xe9ra") / "a.mid").write_text("x")
    with socket.socket(socket.AF_UNIX) as listening, monkeypatch.context() as patch:
        patch.chdir(bach)
        listening.bind("socket.mid")
    return {
        *("Bach/nowhere.mid", "Bach/circle.mid", "Bach/zero.mid", "Bach/pipe.mid", "Bach/odd *[a]?\n.mid"),
        *(r"Bach/caf\xe9.mid", r"Bach/op\xe9ra/a.mid", "Bach/socket.mid"),
    }


def listed(folder, table):
    return set(read_table(folder / "data" / table).path)


@pytest.mark.slow
def test_a_folder_with_what_dvc_cannot_read(checkout, tmp_path, monkeypatch):
    music = tmp_path / "music"
    add_music(music)
    bad = add_unreadable(music, monkeypatch)
    printed = checkout("earmark", "use", str(music))
    assert "learns from 6 pieces of 6 works; 2 known labels" in printed
    assert f"{len(bad)} of them left out:" in printed
    checkout("dvc", "repro", "ingest")
    good = {f"{label}/{number}.mid" for label in ("Bach", "Byrd") for number in range(3)}
    assert listed(checkout.folder, "catalog.csv") == good
    assert listed(checkout.folder, "failures/ingest.csv") == bad
    assert "up to date" in checkout("dvc", "repro", "ingest")
    # What is added, changed or removed is still noticed.
    (music / "Byrd" / "new\r\x1b[2K.mid").write_text("new")
    (music / "Byrd" / os.fsdecode(b"new\xe9.mid")).write_text("new")
    (music / "Bach" / "0.mid").unlink()
    (music / "Bach" / "3.mid").write_text("3")
    checkout("dvc", "repro", "ingest")
    assert listed(checkout.folder, "catalog.csv") == good - {"Bach/0.mid"} | {
        *("Bach/3.mid", "Byrd/new\r\x1b[2K.mid")
    }
    assert listed(checkout.folder, "failures/ingest.csv") == bad | {r"Byrd/new\xe9.mid"}


@pytest.mark.slow
def test_a_catalog_with_what_dvc_cannot_read(checkout, tmp_path, monkeypatch):
    music = tmp_path / "music"
    add_music(music)
    bad = {name for name in add_unreadable(music, monkeypatch) if "\\" not in name}
    good = {f"{label}/{number}.mid" for label in ("Bach", "Byrd") for number in range(3)}
    rows = "".join(f'"{name}","{name.partition("/")[0]}"\n' for name in sorted(good | bad))
    (music / "list.csv").write_text(f"path,label\n{rows}")
    assert f"{len(bad)} of them left out:" in checkout("earmark", "use", str(music / "list.csv"))
    checkout("dvc", "repro", "ingest")
    assert listed(checkout.folder, "catalog.csv") == good
    assert listed(checkout.folder, "failures/ingest.csv") == bad
    assert "up to date" in checkout("dvc", "repro", "ingest")
