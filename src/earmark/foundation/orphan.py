"""Worker processes that end with the process that started them, however that ended.

A process that is killed cannot tell its workers. Joblib's would finish what they have, and wait for more for
five minutes.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import cache

POLL_S = 1.0


@cache
def end_with(parent: int, patience_s: float = 0) -> None:
    """End this process soon after `parent` has ended, or at once where that has ended already.

    Args:
        parent: Id of the process, on this machine, that gives this one its work. Where it goes on without
            having started this one, nothing happens.
        patience_s: Time that this process has to end in order, as after Ctrl-C; 0 for a worker.
    """
    if os.getppid() == parent:
        if patience_s and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            # A shell's script starts what ends in & with Ctrl-C ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=_watch, args=(parent, patience_s), daemon=True).start()
    elif not is_running(parent):
        os._exit(1)


def _watch(parent: int, patience_s: float) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_S)
    if patience_s:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(patience_s)
    # Nobody is there to be told, and other threads may be busy for long.
    os._exit(1)


def is_running(process: int) -> bool:
    """Whether this machine has a process of this id."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
