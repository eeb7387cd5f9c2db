"""No piece takes longer than it may."""

import signal
import threading
import time

import pytest

from earmark.store.executor import Loky
from earmark.store.executor.limit import TooSlowError, time_limit
from earmark.store.executor.outcome import Failure


def slow(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)
    return seconds


def test_a_block_that_takes_longer_is_interrupted_and_the_signal_given_back():
    before = signal.getsignal(signal.SIGALRM)
    reason = r"more than 0\.1 s to process \(executor\.seconds_per_piece\)"
    with pytest.raises(TooSlowError, match=reason), time_limit(0.1):
        slow(20)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize("seconds", [0, 30])
def test_others_are_not(seconds):
    with time_limit(seconds):
        assert slow(0.05) == 0.05


def test_another_thread_has_no_limit():
    done = []

    def run():
        with time_limit(0.01):
            done.append(slow(0.1))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done == [0.1]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_slow_piece_fails_and_the_others_do_not(workers):
    results = Loky(workers, seconds_per_piece=2).map(slow, [0.01, 60, 0.02], "test")
    assert results[0] == 0.01
    assert results[2] == 0.02
    assert results[1] == Failure("takes more than 2 s to process (executor.seconds_per_piece)")


@pytest.mark.parametrize("seconds", [-1, "long", None, True, float("nan")])
def test_a_limit_that_is_none_is_refused(seconds):
    with pytest.raises(ValueError, match=r"executor\.seconds_per_piece"):
        Loky(1, seconds_per_piece=seconds)
