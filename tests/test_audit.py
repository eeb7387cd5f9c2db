"""audit.sh says what its tools found, and does not call clean what could not be looked up."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
UNKNOWN = {"name": "mido", "version": "1.3.3", "skip_reason": "Dependency not found on PyPI"}
CLEAN = {"name": "numpy", "version": "2.4.6", "vulns": []}
BAD = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}


@pytest.fixture
def audit(tmp_path):
    """Run audit.sh with tools that find what is asked for; its status and lines."""
    tools = tmp_path / "venv-audit" / "bin"
    tools.mkdir(parents=True)
    (tools / "python").symlink_to(sys.executable)

    def tool(name, text):
        (tools / name).write_text(f"#!/bin/bash\n{text}\n")
        (tools / name).chmod(0o755)

    def run(pins=None, risky=False):
        tool("bandit", f"echo 'seen by bandit'; exit {int(risky)}")
        tool("pip-licenses", "echo 'a licence'")
        report = json.dumps({"dependencies": pins})
        tool("pip-audit", "echo 'no network' >&2; exit 1")
        if pins is not None:
            last = '"${@: -1}"'  # --output FILE
            tool("pip-audit", f"echo 'No known vulnerabilities found'; echo '{report}' > {last}")
        done = subprocess.run(
            ["bash", "audit.sh", str(tmp_path / "venv")],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        lines = done.stdout.splitlines()
        assert "seen by bandit" in lines
        assert "a licence" in lines
        return done.returncode, lines[lines.index("a licence") + 2 :]

    return run


def test_nothing_to_say(audit):
    assert audit([CLEAN]) == (0, ["1 of 1 packages looked up, 0 with known vulnerabilities"])


def test_what_cannot_be_looked_up_is_not_called_clean(audit):
    status, lines = audit([UNKNOWN, UNKNOWN])
    assert (status, len(lines)) == (1, 1)
    assert lines[0].startswith("pip-audit: NOT DONE: PyPI's advisories cannot be asked from here")
    assert audit([UNKNOWN, CLEAN]) == (
        1,
        ["not looked up: mido", "1 of 2 packages looked up, 0 with known vulnerabilities"],
    )


def test_a_tool_that_fails_is_told_in_its_own_last_line(audit):
    assert audit() == (1, ["pip-audit: NOT DONE: no network"])


def test_vulnerabilities_and_the_versions_without_them(audit):
    status, lines = audit([BAD, CLEAN])
    assert status == 1
    assert lines == [
        "pillow 1.0: PYSEC-1, mended in 1.1",
        "2 of 2 packages looked up, 1 with known vulnerabilities",
    ]


def test_what_bandit_found_does_not_stop_the_others(audit):
    status, lines = audit([CLEAN], risky=True)
    assert (status, len(lines)) == (1, 1)
