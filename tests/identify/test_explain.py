"""The picture of an explanation."""

import json

from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.identify.explain import explanation_picture


def test_a_picture_is_drawn_of_any_verdict(identifier, melody, tmp_path):
    features = identifier.recipe.hear(melody)
    verdict = identifier.from_features("$a$.mid", features)
    frame_rate_hz = identifier.recipe.clips.frame_rate_hz
    for threshold in (1.0, float("inf")):
        path = tmp_path / f"{threshold}.png"
        explanation_picture(verdict, features, frame_rate_hz, ["Ash", "Birch"], 3.0, threshold, path)
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 10_000


def test_pictures_of_files_with_one_name_are_two(bundle_folder, melody, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mid").write_bytes(melody.read_bytes())
    music = [str(tmp_path / name) for name in ("one/a.mid", "lost.mid", "two/a.mid")]
    why = tmp_path / "why"
    arguments = ["identify", *music, "--model", str(bundle_folder), "--explain", str(why), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert [bool(item["error"]) for item in json.loads(done.stdout)] == [False, True, False]
    assert sorted(path.name for path in why.iterdir()) == ["a.mid-2.png", "a.mid.png"]
    assert f"2 pictures in {why}" in done.stderr
