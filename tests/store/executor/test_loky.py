"""Map a function over pieces."""

import os
import subprocess
import time

import pytest

from earmark.foundation.errors import EarmarkError, PieceError
from earmark.store.executor import Dask, Failure, Loky

# The functions are made inside the tests: loky sends those by value, which those of a test module,
# that a worker process cannot import, could not be.


@pytest.fixture
def process_of(tmp_path, wait_until):
    """The number of the process an item was worked on in; no item ends before so many processes have one."""

    def of(processes):
        def function(item):
            import os

            (tmp_path / str(os.getpid())).touch()
            wait_until(lambda: len(list(tmp_path.iterdir())) >= processes)
            return item, os.getpid()

        return function

    return of


def test_results_come_in_the_order_of_the_items_whatever_takes_longest(tmp_path, wait_until):
    def function(item):
        if item == 0:  # another is done first
            wait_until(lambda: list(tmp_path.iterdir()))
        (tmp_path / str(item)).touch()
        return item * item

    assert Loky(2).map(function, range(9), "test") == [item * item for item in range(9)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_piece_is_a_failure_with_its_reason_among_the_results(workers):
    def function(item):
        if item == 1:
            raise PieceError("MIDI file has\nno notes")
        if item == 3:
            raise ValueError("unforeseen")
        if item == 4:
            raise FileNotFoundError(2, "No such file or directory", "e.mid")
        return item

    assert Loky(workers).map(function, range(6), "test") == [
        0,
        Failure("MIDI file has no notes"),
        2,
        Failure("ValueError: unforeseen"),
        Failure("No such file or directory: e.mid"),
        5,
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_no_fault_of_a_piece_ends_the_run(workers):
    def function(item):
        if item == 2:
            raise EarmarkError("the FluidSynth library was not found")
        return item

    with pytest.raises(EarmarkError, match="FluidSynth library was not found"):
        Loky(workers).map(function, range(5), "test")


def test_two_workers_are_two_processes_and_one_is_this_one(process_of):
    assert Loky(1).map(process_of(1), range(3), "test") == [(item, os.getpid()) for item in range(3)]
    results = Loky(2).map(process_of(3), range(20), "test")  # this process is one of the three
    processes = {process for _, process in results}
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_no_more_workers_than_items(process_of):
    assert Loky(8).map(process_of(1), ["only"], "test") == [("only", os.getpid())]


def test_nothing_to_do_gives_nothing():
    assert Loky(0).map(len, [], "test") == []


def test_how_far_it_is_is_told_in_the_words_of_the_caller(capsys):
    Loky(1).map(len, ["a", "b"], "render", unit="works")
    assert capsys.readouterr().out.startswith("render: 2/2 works in ")


def test_warnings_of_the_caller_are_not_silenced_by_a_run(recwarn):
    import warnings

    Loky(2).map(abs, range(4), "test")
    with pytest.warns(UserWarning, match="A worker stopped while"):
        warnings.warn("A worker stopped while", UserWarning, stacklevel=1)


def test_after_an_error_no_more_pieces_begin_and_those_that_have_begun_end(tmp_path):
    def function(item):
        (tmp_path / f"{item} began").touch()
        if item == 1:
            raise EarmarkError("no space left")
        time.sleep(0.05)  # the work
        (tmp_path / f"{item} ended").touch()

    with pytest.raises(EarmarkError, match="no space left"):
        Loky(2).map(function, range(1000), "test")
    began, ended = (len(list(tmp_path.glob(f"* {word}"))) for word in ("began", "ended"))
    assert ended == began - 1
    assert began < 100


def test_a_run_that_ends_early_says_one_thing(python):
    """Joblib warns of the tasks that it gives up, which is what ending a run means."""
    process = python("""
import time
from earmark.foundation.errors import EarmarkError
from earmark.store.executor import Loky

def function(item):
    time.sleep(0.1)  # the work
    if item == 1:
        raise EarmarkError("the FluidSynth library was not found")

try:
    Loky(2).map(function, range(20), "test")
except EarmarkError as error:
    print(error)
""")
    assert process.communicate() == ("the FluidSynth library was not found\n", "")


def test_a_killed_worker_is_one_line():
    def function(item):
        import os
        import signal

        if item == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    with pytest.raises(EarmarkError, match="one of 2 workers was killed, perhaps for want of memory"):
        Loky(2).map(function, range(20), "test")
    assert Loky(2).map(abs, range(4), "test") == [0, 1, 2, 3]  # the next run has workers again


def test_want_of_memory_is_no_fault_of_a_piece():
    def function(item):
        raise MemoryError

    with pytest.raises(EarmarkError, match="out of memory") as caught:
        Loky(1).map(function, range(2), "test")
    assert not isinstance(caught.value, PieceError)


@pytest.mark.parametrize("workers", [-3, 0.5, "two", True])
@pytest.mark.parametrize("kind", [Loky, Dask])
def test_workers_are_a_whole_number(kind, workers):
    with pytest.raises(ValueError, match=rf"executor\.workers={workers} must be a whole number"):
        kind(workers=workers)


def test_workers_end_with_a_run_that_is_killed(python, tmp_path, wait_until):
    process = python(
        """
import sys
from pathlib import Path
from earmark.store.executor import Loky

def function(item):
    import os
    import time

    (Path(sys.argv[1]) / str(os.getpid())).touch()
    time.sleep(600)

Loky(2).map(function, range(4), "test")
""",
        tmp_path,
    )
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2 or process.poll() is not None)
    workers = [int(file.name) for file in tmp_path.iterdir()]
    assert len(workers) == 2
    process.kill()
    wait_until(lambda: not any(map(running, workers)))


def running(process):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout
    return state.strip()[:1] not in ("", "Z")
