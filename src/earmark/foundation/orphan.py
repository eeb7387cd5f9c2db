"""Worker processes that end with the process that started them, however that ended.

A process that is killed cannot tell its workers. Joblib's would finish what they have, and wait for more for
five minutes.
"""

from __future__ import annotations

import os
import threading
import time
from functools import cache

POLL_S = 1.0


@cache
def end_with(parent: int) -> None:
    """End this process soon after `parent` has ended; where that did not start it nothing happens.

    Args:
        parent: Id of the process that gives this one its work.
    """
    if os.getppid() == parent:
        threading.Thread(target=_watch, args=(parent,), daemon=True, name="end with parent").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_S)
    # Nobody is there to be told, and other threads may be busy for long.
    os._exit(1)
