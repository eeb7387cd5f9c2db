"""A row of numbers for every piece."""

import pandas as pd
import pytest

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.identify.describe.numbers import describe_file
from earmark.music.catalog import read_table
from earmark.pipeline.describe import run


@pytest.fixture
def place(project, finished, tmp_path):
    """A workspace with the pieces and waves of `finished`."""
    workspace = Workspace.at(project, tmp_path)
    workspace.data.mkdir()
    for name in ("pieces.csv", "audio.csv", "audio"):
        (workspace.data / name).symlink_to(finished.workspace.data / name)
    return workspace


def test_a_sound_piece_is_a_row_and_nothing_is_computed_twice(place, small, capsys):
    run(small("store.path=store_of_describe"), place)
    assert "describe: " in capsys.readouterr().out
    pieces, table = (
        read_table(place.pieces),
        pd.read_csv(place.data / "descriptors.csv", dtype={"piece_id": str}),
    )
    assert list(table.piece_id) == list(pieces.piece_id)
    first = describe_file(place.audio / f"{pieces.piece_id[0]}.wav")
    for name, value in first.items():
        assert table[name][0] == (pytest.approx(value) if isinstance(value, float) else value)
    assert table.tempo_bpm.notna().all()  # melodies of four notes a second
    assert table.rms_mean.min() > 0

    written = (place.data / "descriptors.csv").read_bytes()
    times = {path: path.stat().st_mtime_ns for path in (place.data / "descriptors").iterdir()}
    run(small("store.path=store_of_describe"), place)
    assert (place.data / "descriptors.csv").read_bytes() == written
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_a_piece_that_fails_stops_the_run_with_its_name(place, small):
    pieces = read_table(place.pieces)
    (place.data / "audio").unlink()
    place.audio.mkdir()
    with pytest.raises(EarmarkError) as caught:
        run(small("store.path=another_store_of_describe"), place)
    reason = f"describing {len(pieces)} pieces failed, the first: {pieces.piece_id[0]}: "
    assert reason in str(caught.value)
