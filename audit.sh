#!/usr/bin/env bash
# Look for known vulnerabilities in the pinned packages, for risky code in ours, and list licences.
#   audit.sh VENV   the environment whose packages are listed; the tools go into VENV-audit
# All three run to their end; the exit status is 1 where one found something, or could not be done.
# Exceptions are explained in docs/reliability.md.
set -euo pipefail
venv=${1:-.venv} tools=${1:-.venv}-audit
[ -x "$tools/bin/bandit" ] || { "$venv/bin/python" -m venv "$tools"; "$tools/bin/pip" install -q pip-audit bandit pip-licenses; }
status=0

echo "bandit: src stages (medium and high)"
"$tools/bin/bandit" -q -r src stages -ll || status=1

echo "licences of the packages in $venv"
"$tools/bin/pip-licenses" --python="$venv/bin/python" --summary --order=count --format=plain

echo "pip-audit: constraints.txt against PyPI's advisories"
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
"$tools/bin/pip-audit" -r constraints.txt --no-deps --disable-pip --progress-spinner off --format json \
  --output "$found/report.json" >"$found/said.txt" 2>&1 || true  # the report says what was found
"$tools/bin/python" - "$found" <<'PYTHON' || status=1
import json
import sys
from pathlib import Path

folder = Path(sys.argv[1])
try:
    pins = json.loads((folder / "report.json").read_text())["dependencies"]
except (OSError, ValueError):
    said = [line for line in (folder / "said.txt").read_text().splitlines() if line.strip()]
    sys.exit(f"pip-audit: NOT DONE: {said[-1] if said else 'it ended without a word'}")
skipped = [pin for pin in pins if "skip_reason" in pin]
bad = [pin for pin in pins if pin.get("vulns")]
for pin in bad:
    for known in pin["vulns"]:
        mended = ", ".join(known["fix_versions"]) or "no version yet"
        print(f"{pin['name']} {pin['version']}: {known['id']}, mended in {mended}")
if len(skipped) == len(pins):
    sys.exit(f"pip-audit: NOT DONE: PyPI's advisories cannot be asked from here, for none of {len(pins)} packages")
if skipped:
    print(f"not looked up: {', '.join(pin['name'] for pin in skipped)}")
print(f"{len(pins) - len(skipped)} of {len(pins)} packages looked up, {len(bad)} with known vulnerabilities")
sys.exit(bool(bad or skipped))
PYTHON
exit $status
