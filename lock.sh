#!/usr/bin/env bash
# Refresh constraints.txt: the newest versions that pyproject.toml allows, resolved together, not installed.
#   lock.sh VENV [EXTRA] [FILE]   whose pip resolves; which extra (dev); where to write (constraints.txt)
# Review the difference, then: make setup test
set -euo pipefail
venv=${1:-.venv} extra=${2:-dev} file=${3:-constraints.txt}
report=$(mktemp)
trap 'rm -f "$report"' EXIT
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --dry-run --ignore-installed \
  --report "$report" ".[$extra]"
"$venv/bin/python" - "$report" "$file" <<'PYTHON'
import json, sys
from pathlib import Path

found = [one["metadata"] for one in json.loads(Path(sys.argv[1]).read_text())["install"]]
lines = {f"{one['name']}=={one['version'].split('+')[0]}" for one in found if one["name"] != "earmark"}
before = set(Path(sys.argv[2]).read_text().split()) if Path(sys.argv[2]).is_file() else set()
Path(sys.argv[2]).write_text("".join(f"{line}\n" for line in sorted(lines, key=str.lower)))
print(f"{sys.argv[2]}: {len(lines)} packages, {len(lines - before)} of them new or of another version")
PYTHON
