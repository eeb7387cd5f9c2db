"""What `earmark doctor` finds, and the line that mends it."""

import socket

import pytest

from earmark.apps import cli, surroundings
from earmark.foundation.errors import EarmarkError
from earmark.music.synthesis import soundfont, synth


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder that counts as one, outside of git."""
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "conf").mkdir()
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(surroundings, "_store", lambda project: surroundings.Finding("store", "there"))
    return tmp_path


def found(folder, what):
    return next(finding for finding in surroundings.findings(folder) if finding.what == what)


def test_nothing_is_wrong_here(checkout):
    wrong = [finding for finding in surroundings.findings(checkout) if finding.mend]
    assert wrong == []


def test_outside_of_a_checkout_the_light_installation_is_looked_at(tmp_path):
    names = [finding.what for finding in surroundings.findings(tmp_path)]
    assert {"FluidSynth", "soundfont", "ear", "project"} <= set(names)
    assert "MLflow" not in names


def test_a_missing_library_and_how_it_is_installed(tmp_path, monkeypatch):
    def missing():
        raise EarmarkError("the FluidSynth library was not found: install it with apt-get")

    monkeypatch.setattr(synth, "fluidsynth_version", missing)
    assert found(tmp_path, "FluidSynth") == surroundings.Finding(
        "FluidSynth", "the FluidSynth library was not found", "install it with apt-get"
    )


def test_another_soundfont(tmp_path, monkeypatch):
    monkeypatch.setattr(soundfont, "VERSIONS", frozenset())
    assert "pretty_midi" in found(tmp_path, "soundfont").mend


def test_pinned_versions_are_named_where_they_lie(checkout, tmp_path_factory, monkeypatch):
    monkeypatch.setattr(soundfont, "VERSIONS", frozenset())
    nowhere = tmp_path_factory.mktemp("nowhere")
    assert found(nowhere, "soundfont").mend == "pip install --force-reinstall --no-deps pretty_midi"
    assert "constraints.txt" not in found(checkout, "soundfont").mend  # a project of one's own has none
    (checkout / "constraints.txt").touch()
    assert found(checkout, "soundfont").mend.startswith(f"pip install -c {checkout}/constraints.txt ")


@pytest.mark.parametrize(
    ("torch", "torchaudio", "mend"),
    [("2.11.0", "2.10.0", "torch torchaudio"), ("none", "none", ""), ("2.11.0+cpu", "2.11.0", "")],
)
def test_torch_and_torchaudio_are_a_pair(tmp_path, monkeypatch, torch, torchaudio, mend):
    versions = {"torch": torch, "torchaudio": torchaudio}
    monkeypatch.setattr(
        surroundings, "library_versions", lambda *names: {name: versions.get(name, "1") for name in names}
    )
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert found(tmp_path, "PyTorch").mend.endswith(mend)
    assert bool(found(tmp_path, "PyTorch").mend) == bool(mend)


def test_a_full_disk_and_a_folder_that_takes_no_files(tmp_path, monkeypatch):
    monkeypatch.setattr(surroundings, "LEAST_FREE_GB", 1e9)
    assert "make room" in surroundings._folder("disk", tmp_path, "chown").mend
    assert surroundings._folder("disk", tmp_path / "nowhere", "chown").mend == "chown"


def test_a_server_that_does_not_answer(checkout, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    finding = found(checkout, "MLflow")
    assert "does not answer" in finding.said
    assert "MLFLOW_TRACKING_URI" in finding.mend


@pytest.mark.parametrize(("mend", "status"), [("", 0), ("sudo apt-get install it", 1)])
def test_the_command_s_exit_status_says_whether_anything_is_wrong(monkeypatch, capsys, mend, status):
    monkeypatch.setattr(
        surroundings, "findings", lambda folder: iter([surroundings.Finding("it", "as it is", mend)])
    )
    monkeypatch.setattr("sys.argv", ["earmark", "doctor"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == status
    out = capsys.readouterr().out
    assert out == ("ok    it: as it is\n" if not mend else f"WRONG it: as it is\n      mend: {mend}\n")
