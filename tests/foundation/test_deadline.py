"""A deadline holds for its own thread, and only while its context lasts."""

import math
import threading

import pytest

from earmark.foundation.deadline import (
    Deadline,
    DeadlineError,
    check_deadline,
    seconds_left,
    working_until,
)


def test_without_a_deadline_work_goes_on():
    check_deadline()
    assert seconds_left(600) == 600


def test_zero_is_no_limit():
    deadline = Deadline(0)
    assert math.isinf(deadline.remaining_s)
    with working_until(deadline):
        check_deadline()
        assert seconds_left(600) == 600


def test_a_passed_deadline_says_how_long_was_given():
    deadline = Deadline(1e-9)
    with (
        working_until(deadline),
        pytest.raises(DeadlineError, match=r"^took longer than 1e-09 s"),
    ):
        check_deadline()
    assert deadline.remaining_s == 0
    check_deadline()  # outside of the context nothing holds


def test_another_thread_may_cancel_it():
    deadline = Deadline(3600)
    with working_until(deadline):
        check_deadline()
        assert 3500 < seconds_left(1e9) <= 3600
        thread = threading.Thread(target=deadline.cancel)
        thread.start()
        thread.join()
        with pytest.raises(DeadlineError, match="nobody waits"):
            check_deadline()


def test_it_does_not_hold_for_other_threads():
    seen = []
    with working_until(Deadline(1)):
        thread = threading.Thread(target=lambda: seen.append(seconds_left(600)))
        thread.start()
        thread.join()
    assert seen == [600]
