"""The benchmarks: what the runner writes, and the synthetic pieces that it measures with."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import mido
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earmark.pipeline.settings.checks import check
from earmark.pipeline.settings.config import compose

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT))  # bench is no part of the installed package

from bench.__main__ import ROWS  # noqa: E402
from bench.checkout import CHEAP  # noqa: E402
from bench.markdown import BEGIN, END, insert, table  # noqa: E402
from bench.result import AT_LEAST, AT_MOST, Result, compare  # noqa: E402
from bench.rows import rendering  # noqa: E402
from bench.rows.training import DEFAULT, ORIGINAL  # noqa: E402
from bench.synthetic import LABELS, write_corpus, write_midi  # noqa: E402


def test_a_row_that_is_run_alone_writes_results_and_the_table(tmp_path):
    page, results = tmp_path / "page.md", tmp_path / "results.json"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    earlier = {"name": "no_op: 7 pieces", "measured": 1.0, "bar": 3.0, "unit": "s, at most"}
    results.write_text(json.dumps([earlier | {"pass": True, "detail": ""}]))
    done = subprocess.run(
        [sys.executable, "-m", "bench", "log_mel", "--rounds", "1", "--results", results, "--page", page],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(results.read_text())
    assert all(set(row) == {"name", "measured", "bar", "unit", "pass", "detail"} for row in rows)
    assert [row["name"].partition(":")[0] for row in rows] == ["log_mel"] * 4 + ["no_op"]
    agreement = [row for row in rows if "difference" in row["name"]]
    assert all(row["pass"] and 0 < row["measured"] <= row["bar"] == 1e-4 for row in agreement)
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert text.count("\n| ") == 1 + len(rows)
    assert f"python {'.'.join(map(str, sys.version_info[:3]))}" in text


@pytest.mark.parametrize(
    ("measured", "sense", "reached"),
    [
        (2.0, AT_LEAST, True),
        (1.9, AT_LEAST, False),
        (2.0, AT_MOST, True),
        (2.1, AT_MOST, False),
        (None, AT_LEAST, False),
        (None, AT_MOST, False),
    ],
)
def test_a_bar_is_reached_or_not(measured, sense, reached):
    row = Result("row: what", measured, 2.0, "s", sense, "why").as_dict()
    assert (row["pass"], row["measured"], row["unit"]) == (reached, measured, f"s, {sense}")
    line = table([row], {"cores": "2"}).splitlines()[2]
    assert ("**no**" in line) != reached
    assert ("≥ 2" if sense == AT_LEAST else "≤ 2") in line


def test_the_ratio_is_the_median_of_pairs(monkeypatch):
    clock = iter([0, 1, 1, 3, 3, 4, 4, 104, 104, 106, 106, 112])  # pairs of 1 and 2, 1 and 100, 2 and 6 s
    monkeypatch.setattr("bench.result.time.perf_counter", lambda: next(clock))
    calls = []
    times = compare(lambda: calls.append("ours"), lambda: calls.append("peer"), rounds=3)
    assert calls == ["ours", "peer"] * 4  # the first two are not measured
    assert (times.ratio, times.ours_s, times.peer_s) == (3, 1, 6)


def test_a_page_without_the_marks_is_refused(tmp_path):
    (tmp_path / "page.md").write_text("nothing")
    with pytest.raises(SystemExit, match="lacks the marks"):
        insert(tmp_path / "page.md", "table")


def test_synthetic_pieces_are_midi_and_no_two_are_equal(tmp_path):
    write_corpus(tmp_path, 40)
    files = sorted(tmp_path.rglob("*.mid"))
    assert {path.relative_to(tmp_path).parts[0] for path in files} == set(LABELS)
    assert len({path.read_bytes() for path in files}) == 40
    for path in files:
        file = mido.MidiFile(path)
        assert file.length == pytest.approx(3, abs=0.05)
        assert sum(message.type == "note_on" for message in file) == 24


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 0x0FFF_FFFE), min_size=1, max_size=3))
@example([0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_times_of_any_size(ticks):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.mid"
        write_midi(file, [(60, tick, tick + 1) for tick in ticks])
        now, starts = 0, []
        for message in mido.MidiFile(file).tracks[0]:
            now += message.time
            starts += [now] if message.type == "note_on" else []
    assert starts == sorted(ticks)


def test_every_row_can_be_imported_and_measured():
    for name in ROWS:
        assert callable(importlib.import_module(f"bench.rows.{name}").measure)
    importlib.import_module("bench.stopwatch")


@pytest.mark.parametrize("overrides", [CHEAP, ORIGINAL, DEFAULT])
def test_the_overrides_of_rows_are_settings(overrides):
    check(compose(PROJECT / "conf", overrides))


def test_a_piece_is_rendered_as_a_row_renders_it(tmp_path):
    write_corpus(tmp_path, 1)
    (midi,) = tmp_path.rglob("*.mid")
    assert rendering.render(midi, tmp_path / "a.wav", 22_050) > 0
    assert soundfile.info(tmp_path / "a.wav").duration >= 3
