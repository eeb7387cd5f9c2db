"""The picture of an explanation."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.features.descriptors import Descriptors
from earmark.features.mel import LogMel
from earmark.features.notes import HeardNotes
from earmark.features.pitch import PitchSpectrogram
from earmark.identify.explain import centres, explanation_picture
from earmark.identify.frequencies import band_hz, ticks


def test_a_picture_is_drawn_of_any_verdict(identifier, melody, tmp_path):
    features = identifier.recipe.hear(melody)
    verdict = identifier.from_features("$a$.mid", features)
    frame_rate_hz = identifier.recipe.clips.frame_rate_hz
    for threshold in (1.0, float("inf")):
        path = tmp_path / f"{threshold}.png"
        explanation_picture(verdict, features, frame_rate_hz, ["Ash", "Birch"], 3.0, threshold, path)
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 10_000


def test_a_clip_lies_where_it_sounds():
    assert centres(np.array([0.0, 5.0, 20.0]), 10.0, 24.0).tolist() == [5.0, 10.0, 22.0]
    assert centres(np.array([0.0]), 180.0, 33.0).tolist() == [16.5]  # or its point would be off the picture


@pytest.mark.parametrize(
    ("front_end", "rate_hz", "row", "hz"),
    [
        (HeardNotes(), 22_050, 48, 440.0),  # the 49th key of a piano
        (PitchSpectrogram(lowest_pitch=33), 22_050, 0, 55.0),
        # Slaney's scale is linear below 1,000 Hz: 200/3 Hz a mel.
        (LogMel(n_mels=14, f_min_hz=0.0, f_max_hz=1000.0), 8000, 2, 200.0),
    ],
)
def test_the_frequency_of_a_row(front_end, rate_hz, row, hz):
    frequencies = band_hz(front_end, rate_hz)
    assert len(frequencies) == front_end.bands()
    assert (np.diff(frequencies) > 0).all()
    assert frequencies[row] == pytest.approx(hz)


def test_rows_that_are_no_frequencies_have_none():
    assert band_hz(Descriptors(), 22_050) is None


def test_round_frequencies_stand_where_their_rows_are():
    places, words = ticks(np.array([100.0, 200.0, 400.0, 800.0]))
    assert words == ["100", "200", "500"]
    assert places == pytest.approx([0.5, 1.5, 2.5 + np.log2(500 / 400)])


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
