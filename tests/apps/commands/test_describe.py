"""`earmark describe`, as somebody types it."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from earmark.apps.cli import app

RATE_HZ = 22_050


@pytest.fixture
def describe():
    return lambda *arguments: CliRunner().invoke(app, ["describe", *map(str, arguments)])


@pytest.fixture
def music(tone, write_sound):
    return [
        write_sound(tone(hz, RATE_HZ, 2.5), RATE_HZ, name=name)
        for hz, name in ((220, "a.wav"), (880, "b.flac"))
    ]


def test_a_table_for_each_file(describe, music):
    done = describe(*music)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.count("spectral_centroid_hz") == done.stdout.count("mfcc_20") == 2
    assert done.stdout.count("2.5 s") == 2
    assert "A major" in done.stdout or "A minor" in done.stdout


def test_numbers_as_csv(describe, music, tmp_path):
    assert describe(*music, "--csv", tmp_path / "new" / "table.csv").exit_code == 0
    table = pd.read_csv(tmp_path / "new" / "table.csv")
    assert list(table.path) == [str(path) for path in music]
    assert table.zero_crossing_rate_mean.tolist() == pytest.approx([440 / RATE_HZ, 1760 / RATE_HZ], rel=0.03)


def test_bad_files_have_a_line_each_and_the_others_go_on(describe, music, tmp_path):
    (tmp_path / "broken.mid").write_bytes(b"broken")
    bad = [tmp_path / "broken.mid", tmp_path / "nowhere.wav", tmp_path]
    done = describe(bad[0], music[0], *bad[1:], "--csv", tmp_path / "table.csv")
    assert done.exit_code == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    for path, line in zip(bad, lines, strict=True):
        assert line.startswith(f"earmark: error: {path}: ")
    assert len(pd.read_csv(tmp_path / "table.csv")) == 1


def test_nothing_but_bad_files(describe, tmp_path):
    done = describe(tmp_path / "x.wav", "--csv", tmp_path / "t.csv", "--pictures", tmp_path / "p")
    assert (done.exit_code, done.stdout) == (1, "")
    assert not (tmp_path / "t.csv").exists()


def test_one_picture_for_one_file_and_one_for_two(describe, music, tmp_path):
    assert describe(music[0], "--pictures", tmp_path / "one").exit_code == 0
    assert describe(*music, "--pictures", tmp_path / "two").exit_code == 0
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["a.png"]
    assert [path.name for path in (tmp_path / "two").iterdir()] == ["a-b.png"]


def test_three_files_are_three_pictures_even_of_one_name(describe, monkeypatch, music, tmp_path):
    import earmark.identify.describe.views as picture

    monkeypatch.setattr(
        picture, "views_picture", lambda views, path: path.parent.mkdir(exist_ok=True) or path.touch()
    )
    assert describe(music[0], music[0], music[1], "--pictures", tmp_path / "p").exit_code == 0
    assert {path.name for path in (tmp_path / "p").iterdir()} == {"a.png", "a-2.png", "b.png"}


def test_midi_is_played_first(describe, write_midi, note):
    done = describe(write_midi(*[note(480 * beat, 480 * beat + 400, 60) for beat in range(12)]))
    assert done.exit_code == 0, done.stderr
    assert "120" in next(line for line in done.stdout.splitlines() if "tempo" in line)


def test_names_of_files_are_no_markup(describe, music, tmp_path):
    odd = music[0].rename(tmp_path / "a[red]b.wav")
    assert "a[red]b.wav" in describe(odd).stdout.replace("\n", "")


def test_a_place_that_cannot_be_written_to(describe, music, tmp_path):
    (tmp_path / "file").touch()
    done = describe(music[0], "--csv", tmp_path / "file" / "table.csv")
    assert done.exit_code == 2
    assert done.stderr.startswith("earmark: error: cannot write: ")
