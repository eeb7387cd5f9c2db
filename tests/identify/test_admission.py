"""Who comes in, who waits, who is refused."""

import threading

import pytest

from earmark.foundation.deadline import Deadline, DeadlineError
from earmark.identify.admission import Admission
from earmark.identify.limits import BusyError, Limits


def test_what_exceeds_work_and_queue_is_refused_and_a_place_that_is_left_is_free():
    admission = Admission(Limits(concurrency=1, queue=1))
    with admission.place():
        with admission.place():
            assert admission.inside == 2
            with pytest.raises(BusyError, match="2 requests wait or are worked on"), admission.place():
                pytest.fail("there is no place")
        with admission.place():
            assert admission.inside == 2
    assert admission.inside == 0


def test_no_more_than_so_many_work_at_a_time():
    admission = Admission(Limits(concurrency=2, queue=6))
    at_work, most, lock = [0], [0], threading.Lock()
    barrier = threading.Barrier(2, timeout=60)

    def work():
        with admission.turn(Deadline(60)):
            with lock:
                at_work[0] += 1
                most[0] = max(most[0], at_work[0])
            barrier.wait()  # two must be inside at once for either to go on
            with lock:
                at_work[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (at_work, most) == ([0], [2])


def test_who_waits_too_long_is_told_and_takes_no_turn():
    admission = Admission(Limits(concurrency=1))
    with admission.turn(Deadline(0)):
        with (
            pytest.raises(DeadlineError, match="waited longer than"),
            admission.turn(Deadline(0.01)),
        ):
            pytest.fail("it is not its turn")
        late = Deadline(60)
        late.cancel()
        with pytest.raises(DeadlineError, match="nobody waits"), admission.turn(late):
            pytest.fail("nobody waits")
    with admission.turn(Deadline(0)):
        pass
