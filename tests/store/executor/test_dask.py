"""Map a function over pieces on a Dask cluster. Functions are made inside the tests: they travel by value."""

import os
import socket
from contextlib import suppress
from dataclasses import replace

import pytest

from earmark.foundation.errors import EarmarkError, PieceError
from earmark.store.executor import Dask, Failure, dask
from earmark.store.executor.versions import Source

DASHBOARD_PORT = 8787  # of Dask, where nobody asks for another


def test_here_and_in_order_and_a_bad_piece_is_a_failure(capsys, tmp_path, wait_until):
    def function(item):
        if item == 0:  # another is done first
            wait_until(lambda: list(tmp_path.iterdir()))
        (tmp_path / str(item)).touch()
        if item == 1:
            raise PieceError("MIDI file has\nno notes")
        if item == 3:
            raise ValueError("unforeseen")
        if item == 4:
            raise FileNotFoundError(2, "No such file or directory", "e.mid")
        return item * item

    assert Dask(workers=2).map(function, range(6), "render", "works") == [
        0,
        Failure("MIDI file has no notes"),
        4,
        Failure("ValueError: unforeseen"),
        Failure("No such file or directory: e.mid"),
        25,
    ]
    assert capsys.readouterr().out.startswith("render: 6/6 works in ")


def test_another_dask_on_this_machine_is_no_matter():
    with socket.socket() as other:
        with suppress(OSError):  # somebody has it already
            other.bind(("0.0.0.0", DASHBOARD_PORT))
            other.listen()
        assert Dask(workers=1).map(abs, [-1, 2], "test", "works") == [1, 2]


def test_nothing_to_do_starts_nothing():
    assert Dask(address="tcp://127.0.0.1:9").map(len, [], "test") == []


def test_no_scheduler_is_one_line_within_ten_seconds(monkeypatch):
    monkeypatch.setattr(dask, "CONNECT_S", 0.5)
    with pytest.raises(EarmarkError, match=r"executor\.address=tcp://127.0.0.1:9: .*is a scheduler runn"):
        Dask(address="tcp://127.0.0.1:9").map(abs, [1], "test")
    monkeypatch.undo()
    assert dask.CONNECT_S < 10


def test_without_the_package_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(EarmarkError, match=r"pip install 'earmark\[dask\]'"):
        Dask().map(abs, [1], "test")


def test_a_cluster_of_processes(cluster, monkeypatch, tmp_path, capsys):
    """One scheduler for all that needs no kill: starting one takes longer than what is tried."""
    executor = Dask(address=cluster.address, patience_s=0)

    # No workers: a line tells it, and the run ends.
    monkeypatch.setattr(dask, "POLL_S", 0.1)
    with pytest.raises(EarmarkError, match=r"no workers at tcp://127\.0\.0\.1:\d+ for 0 s"):
        executor.map(abs, [1], "test")
    assert "no workers at tcp://" in capsys.readouterr().out

    cluster.add_worker()
    cluster.add_worker()
    executor = Dask(address=cluster.address)

    def process_of(item):
        import os

        return item, os.getpid()

    # More pieces than the scheduler knows of at once, in order.
    monkeypatch.setattr(dask, "MAX_SUBMITTED", 8)
    results = executor.map(process_of, range(50), "test")
    assert [item for item, _ in results] == list(range(50))
    assert {process for _, process in results} <= {worker.pid for worker in cluster.workers}

    # What is no fault of a piece ends the run.
    def without_fluidsynth(item):
        raise EarmarkError("the FluidSynth library was not found")

    with pytest.raises(EarmarkError, match="FluidSynth library was not found"):
        executor.map(without_fluidsynth, range(5), "test")

    # A function that workers cannot load.
    class Nowhere:
        def __reduce__(self):
            return __import__, ("not_installed",)

        def __call__(self, item):
            return item

    with pytest.raises(EarmarkError, match=r"deserialization of .*: is the same earmark installed where"):
        executor.map(Nowhere(), [1], "test")

    # A worker with another library, by which a result would be another, and one with another commit.
    here = Source.of_this_process()
    for source, message in [
        (replace(here, packages={"soxr": "9.9"}), r"has soxr [\d.]+, this machine 9\.9: install the same"),
        (replace(here, code="0" * 64), "has another earmark than this machine: give both the"),
    ]:
        monkeypatch.setattr(Source, "of_this_process", lambda source=source: source)
        with pytest.raises(EarmarkError, match=message):
            executor.map(abs, [1], "test")


def test_a_piece_that_kills_its_workers_ends_the_run_and_is_not_blamed(monkeypatch):
    def deadly(item):
        import os
        import signal

        if item == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    import dask as dask_package

    with (
        dask_package.config.set({"distributed.scheduler.allowed-failures": 0}),
        pytest.raises(EarmarkError, match="2 workers died while they had the piece 2: give workers"),
    ):
        Dask(workers=1).map(deadly, [2], "test")


def test_it_leaves_no_process_behind(wait_until):
    def process(item):
        import os

        return os.getpid()

    workers = set(Dask(workers=2).map(process, range(4), "test"))
    wait_until(lambda: not any(os.path.exists(f"/proc/{worker}/cmdline") for worker in workers))
