#!/usr/bin/env bash
# Refresh constraints.txt and constraints-demo.txt: the newest versions that pyproject.toml allows, resolved together
# for every Python that it allows, not installed.
#   lock.sh VENV [FOLDER]   whose Python runs this; where the two files are and go (.); uv is installed into VENV-lock
# uv resolves, in seconds. pip tries the releases of s3fs and fsspec one after the other, and was not done in 12 minutes.
# Review the difference, then: make setup test
set -euo pipefail
venv=${1:-.venv} folder=${2:-.} tools=${1:-.venv}-lock
if ! [ -x "$tools/bin/uv" ]; then
  "$venv/bin/python" -m venv "$tools"
  "$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv packaging
fi
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT

# The pins of some extras, each with the Pythons and systems that need it; those that the file has are kept if they can be.
resolve() {
  "$tools/bin/uv" pip compile pyproject.toml --quiet --no-config --no-header --no-annotate \
    --universal --python-version 3.11 --fork-strategy fewest --output-file "$found/$1" "${@:2}"
}
resolve constraints.txt --extra dev
cp "$found/constraints.txt" "$found/constraints-demo.txt"
resolve constraints-demo.txt --extra dev --extra demo --extra browser

"$tools/bin/python" - "$found" "$folder" <<'PYTHON'
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = [
    {"python_version": python, "python_full_version": f"{python}.99", "sys_platform": "linux"}
    for python in ("3.11", "3.12", "3.13")
]
for name in ("constraints.txt", "constraints-demo.txt"):
    file = Path(sys.argv[2]) / name
    before = file.read_text().splitlines() if file.is_file() else []
    remarks = [line for line in before if line.startswith("#")]
    spelling = {canonicalize_name(line.split("==")[0]): line.split("==")[0] for line in before if "==" in line}
    pins = [Requirement(line) for line in (Path(sys.argv[1]) / name).read_text().splitlines() if "==" in line]
    ours = [pin for pin in pins if not pin.marker or any(map(pin.marker.evaluate, OURS))]
    if twice := sorted({pin.name for pin in ours if sum(pin.name == other.name for other in ours) > 1}):
        sys.exit(f"lock: {name}: no one version serves Python 3.11, 3.12 and 3.13: {', '.join(twice)}")
    lines = sorted((f"{spelling.get(pin.name, pin.name)}{pin.specifier}" for pin in ours), key=str.lower)
    file.write_text("\n".join([*remarks, *lines]) + "\n")
    new, gone = set(lines) - set(before), set(spelling) - {pin.name for pin in ours}
    print(f"{file}: {len(lines)} packages, {len(new)} new or of another version, {len(gone)} no longer needed")
PYTHON
