"""Ctrl-C in the middle of a call of MLflow's client waits for the call's end, and the run ends KILLED."""

import signal
import threading

import pytest
from mlflow.tracking import MlflowClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.tracker import Tracker
from earmark.pipeline.tracking.whole_calls import INTERRUPTS, holding_interrupts


@pytest.fixture(autouse=True)
def handlers():
    """SIGINT and SIGTERM interrupt, as in a stage; SIGHUP is ignored, as below nohup."""
    wanted = (signal.default_int_handler, signal.default_int_handler, signal.SIG_IGN)
    before = [signal.signal(kind, handler) for kind, handler in zip(INTERRUPTS, wanted, strict=True)]
    yield
    assert tuple(map(signal.getsignal, INTERRUPTS)) == wanted
    for kind, handler in zip(INTERRUPTS, before, strict=True):
        signal.signal(kind, handler)


@pytest.fixture(scope="module")
def tracker(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return Tracker(Workspace.at(tmp_path_factory.mktemp("project")), "songs")


@pytest.fixture
def interrupt_after(request):
    """Send SIGINT to this process where the n-th transaction from now on has ended; whether it was sent."""

    def arrange(number):
        passed = []

        def count(*_):
            passed.append(1)
            if len(passed) == number:
                signal.raise_signal(signal.SIGINT)

        event.listen(Session, "after_transaction_end", count)
        request.addfinalizer(lambda: event.remove(Session, "after_transaction_end", count))
        return lambda: len(passed) >= number

    return arrange


@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize("logged_by", ["tracker", "lightning"])
def test_a_run_that_is_interrupted_while_it_logs_ends_killed(tracker, interrupt_after, number, logged_by):
    def log(run_id):
        if logged_by == "tracker":
            tracker.log_metrics(run_id, {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0})
            return
        logger = tracker.lightning_logger(run_id)
        for step in range(4):
            logger.log_metrics({"loss": 1.0}, step)

    def interrupted():
        with tracker.run("run", {}) as run_id:
            ids.append(run_id)
            sent.append(interrupt_after(number))
            log(run_id)

    ids, sent = [], []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert sent[0]()
    found = MlflowClient(tracker.uri).get_run(ids[0])
    assert (found.info.status, found.data.tags["earmark.error"]) == ("KILLED", "KeyboardInterrupt")


def held(*kinds, fail=False):
    """Raise signals in a block; the steps that were done before it and all else ended."""
    steps = []
    try:
        with holding_interrupts():
            for kind in kinds:
                signal.raise_signal(kind)
                steps.append(kind)
            if fail:
                raise ValueError
        steps.append("after")
    except KeyboardInterrupt:
        steps.append("interrupted")
    return steps


def test_the_first_interrupt_waits_and_one_that_is_ignored_stays_ignored():
    assert held(signal.SIGTERM, signal.SIGHUP) == [signal.SIGTERM, signal.SIGHUP, "interrupted"]
    assert held(signal.SIGHUP) == [signal.SIGHUP, "after"]


def test_a_second_interrupt_does_not_wait():
    assert held(signal.SIGINT, signal.SIGINT, signal.SIGINT) == [signal.SIGINT, "interrupted"]


def test_an_interrupt_counts_more_than_the_error_that_came_with_it():
    assert held(signal.SIGINT, fail=True) == [signal.SIGINT, "interrupted"]


def test_within_another_block_it_waits_for_the_end_of_both():
    steps = []

    def nested():
        with holding_interrupts():
            steps.append(held(signal.SIGINT))

    with pytest.raises(KeyboardInterrupt):
        nested()
    assert steps == [[signal.SIGINT, "after"]]


def test_other_threads_which_get_no_signals_are_left_alone():
    seen = []

    def look():
        with holding_interrupts():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
