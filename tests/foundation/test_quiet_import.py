import os
import subprocess
import sys

import pytest

from earmark.foundation.quiet_import import quiet_import

TALKATIVE = ["fluidsynth", "pretty_midi"]  # where CI is set


@pytest.mark.parametrize("name", TALKATIVE)
def test_nothing_is_printed_though_ci_is_set(name):
    code = f"from earmark.foundation.quiet_import import quiet_import; print(quiet_import({name!r}).__name__)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env={**os.environ, "CI": "true"}, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (f"{name}\n", "")


def test_what_is_not_there_is_an_import_error():
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        quiet_import("no_such_package")
