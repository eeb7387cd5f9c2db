"""Excerpts of test pieces: which are taken, how long they are, and what a model makes of them."""

import numpy as np
import pandas as pd
import pytest

from earmark.bundle import Bundle
from earmark.features.notes import HeardNotes
from earmark.foundation.errors import EarmarkError
from earmark.identify.locate import BOX
from earmark.music.catalog import RENDERING_MARK
from earmark.music.recipe import Recipe
from earmark.pipeline.heard_excerpts import heard_excerpts

SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0, 0])  # major


def write_scales(folder, name, *tonics):
    """A piece of major scales, half a second a note."""
    pitch = np.concatenate([tonic + SCALE for tonic in tonics])
    onset_s = 0.5 * np.arange(len(pitch))
    values = HeardNotes(notes_of="file").of_notes(onset_s, onset_s + 0.5, pitch, 0 * pitch)
    np.save(folder / f"{name}.npy", values.astype(np.float16))


def excerpts(folder, pieces):
    bundle = Bundle.load(BOX / "key")
    geometry = Recipe(bundle.hearing, [folder]).clips
    made = pd.Series([file.stem for file in folder.iterdir()])
    return heard_excerpts(bundle, geometry, pieces, made, folder)


@pytest.fixture
def pieces():
    return pd.DataFrame(
        {
            "piece_id": ["tested", "alone", "learned", "stranger"],
            "label": ["C major"] * 4,
            "role": ["known", "known", "known", "unknown-test"],
            "split": ["test", "test", "train", "test"],
        }
    )


def test_the_beginning_is_read_and_the_rendering_heard(tmp_path, pieces):
    """Read is a scale of C, of which F sharp follows much longer; heard as one of D."""
    write_scales(tmp_path, "tested", 60, 66, 66, 66, 66)
    write_scales(tmp_path, "alone", 60)
    for name, tonic in (("tested", 62), ("learned", 60), ("stranger", 60)):
        write_scales(tmp_path, f"{name}{RENDERING_MARK}1", tonic)
    table = excerpts(tmp_path, pieces)
    assert table.to_dict("records") == [
        {"piece_id": "tested", "label": "C major", "read": "C major", "heard": "D major"}
    ]


def test_without_renderings_there_are_none(tmp_path, pieces):
    write_scales(tmp_path, "tested", 60)
    assert excerpts(tmp_path, pieces).empty


def test_damaged_features_are_named(tmp_path, pieces):
    write_scales(tmp_path, "tested", 60)
    (tmp_path / f"tested{RENDERING_MARK}1.npy").write_bytes(b"no array")
    with pytest.raises(EarmarkError, match="run dvc repro features"):
        excerpts(tmp_path, pieces)
