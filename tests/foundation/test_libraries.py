"""What results depend on besides settings and code."""

import platform
from importlib.metadata import version

from earmark.foundation.libraries import INSTRUCTIONS, library_versions, processor_kernel


def test_versions_are_those_installed():
    assert library_versions("numpy", "no-such-package") == {
        "numpy": version("numpy"),
        "no-such-package": "none",
    }


def test_the_processor_s_kind_is_its_machine_and_the_best_instructions():
    machine, _, best = processor_kernel().partition(" ")
    assert machine == platform.machine()
    assert best in ("", *INSTRUCTIONS)
