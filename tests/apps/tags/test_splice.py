"""Parts of a file replaced."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earmark.apps.tags import splice as module
from earmark.apps.tags.splice import splice


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.binary(max_size=60),
    cuts=st.lists(st.tuples(st.integers(0, 70), st.integers(0, 9), st.binary(max_size=9)), max_size=4),
)
@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_it_is_what_slices_give(tmp_path, monkeypatch, block, data, cuts):
    monkeypatch.setattr(module, "BLOCK", block)
    path = tmp_path / "file"
    path.write_bytes(data)
    edits, expected, place = [], b"", 0
    for start, length, replacement in sorted(cuts):
        start = min(start, len(data))
        end = min(start + length, len(data))
        if start < place:
            continue
        edits.append((start, end, replacement))
        expected += data[place:start] + replacement
        place = end
    splice(path, edits)
    assert path.read_bytes() == expected + data[place:]


def test_mode_and_time_stay_and_nothing_is_left(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    path.chmod(0o640)
    os.utime(path, ns=(1, 2_000_000_000))
    splice(path, [(1, 2, b"xyz")])
    assert (path.read_bytes(), path.stat().st_mode & 0o777, path.stat().st_mtime_ns) == (
        b"axyzc",
        0o640,
        2_000_000_000,
    )
    assert os.listdir(tmp_path) == ["file"]
