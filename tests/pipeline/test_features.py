"""Features of whole pieces, made once for each front end."""

import numpy as np
import pytest

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table
from earmark.pipeline.features import run
from earmark.store import digest_file


@pytest.fixture
def place(project, finished, tmp_path):
    """A workspace with the pieces and waves of `finished`."""
    workspace = Workspace.at(project, tmp_path)
    workspace.data.mkdir()
    for name in ("pieces.csv", "audio.csv", "audio"):
        (workspace.data / name).symlink_to(finished.workspace.data / name)
    return workspace


def test_a_piece_is_one_array_of_half_floats(finished):
    pieces = read_table(finished.workspace.pieces)
    for piece in pieces.itertuples():
        values = np.load(finished.workspace.features / f"{piece.piece_id}.npy")
        assert values.dtype == np.float16
        samples = round(float(piece.duration_s) * 8000)
        assert values.shape == (1, 32, 1 + samples // 512)
        assert np.isfinite(values).all()
        assert values.max() - values.min() > 20  # dB: there is music in it


def test_the_table_has_the_digest_of_every_array(finished):
    table = read_table(finished.workspace.features_table).set_index("piece_id").sha256
    assert list(table.index) == list(read_table(finished.workspace.pieces).piece_id)
    for piece_id, digest in table.items():
        assert digest == digest_file(finished.workspace.features / f"{piece_id}.npy")


def test_another_front_end_is_another_entry_of_the_store(place, small):
    run(small("store.path=store1", "features.n_mels=16"), place)
    assert {np.load(path).shape[1] for path in place.features.iterdir()} == {16}


def test_the_same_front_end_is_linked(place, finished, small):
    run(small("store.path=store1"), place)
    for path in place.features.iterdir():
        assert path.samefile(finished.workspace.features / path.name)


def test_a_piece_that_fails_stops_the_run_with_its_name(place, small):
    pieces = read_table(place.pieces)
    (place.data / "audio").unlink()
    place.audio.mkdir()
    with pytest.raises(EarmarkError) as caught:
        run(small("store.path=store1", "features.n_mels=17"), place)
    assert f"features of {len(pieces)} pieces failed, the first: {pieces.piece_id[0]}: " in str(caught.value)
