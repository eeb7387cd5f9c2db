"""Workers end with the process that gives them work."""

import os
import subprocess
import sys

import pytest

from earmark.foundation.orphan import end_with

BUSY = """
import os, sys, time
from earmark.foundation.orphan import end_with
end_with(int(sys.argv[1]))
"""


@pytest.fixture
def ended():
    """Whether a process has ended."""

    def check(number):
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True
        ).stdout
        return state.strip()[:1] in ("", "Z")

    return check


def test_a_process_ends_with_its_parent(python, wait_until, ended):
    parent = python(f"""
import os, subprocess, sys, time
code = {BUSY!r} + "print(os.getpid(), flush=True); time.sleep(600)"
subprocess.run([sys.executable, "-c", code, str(os.getpid())])
""")
    child = int(parent.stdout.readline())
    assert not ended(child)
    parent.kill()
    wait_until(lambda: ended(child))


IN_ORDER = """
import os, signal, sys, time
from earmark.foundation.orphan import end_with
signal.signal(signal.SIGINT, getattr(signal, sys.argv[3]))
end_with(int(sys.argv[1]), 60)
print(os.getpid(), flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    open(sys.argv[2], "w").close()
"""


@pytest.mark.parametrize("interrupts", ["default_int_handler", "SIG_IGN"])
def test_a_process_may_end_in_order(python, wait_until, ended, tmp_path, interrupts):
    parent = python(
        "import os, subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', {IN_ORDER!r}, str(os.getpid()), *sys.argv[1:]])",
        tmp_path / "in order",
        interrupts,
    )
    child = int(parent.stdout.readline())
    parent.kill()
    wait_until(lambda: ended(child))
    assert (tmp_path / "in order").is_file()


def test_a_process_whose_parent_has_ended_ends_at_once():
    over = subprocess.Popen([sys.executable, "-c", ""])
    over.wait()
    done = subprocess.run(
        [sys.executable, "-c", f"{BUSY}print('done')", str(over.pid)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")


def test_a_process_that_another_one_started_goes_on():
    done = subprocess.run(
        [sys.executable, "-c", f"{BUSY}time.sleep(0.2); print('done')", "1"], capture_output=True, text=True
    )
    assert done.stdout == "done\n"


def test_a_process_does_not_watch_for_itself():
    end_with(os.getpid())
