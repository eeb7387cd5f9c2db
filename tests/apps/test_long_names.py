"""A name that no file system takes is said in one line by every command."""

import pytest

from earmark.apps import cli

LONG = "x" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ["identify", f"{LONG}.mid", "--model", "composer"],
        ["identify", "a.mid", "--model", LONG],
        ["describe", f"{LONG}.wav"],
        ["transcribe", f"{LONG}.mid"],
        ["tag", LONG, "--key"],
        ["use", LONG],
        ["compare", f"{LONG}.wav", "b.wav", "--model", "composer"],
    ],
)
def test_one_line(arguments, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.setattr("sys.argv", ["earmark", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (1, 2)
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert said.count("\n") == 1
