#!/usr/bin/env bash
# Look for known vulnerabilities in the pinned packages, for risky code in ours, and list licences.
#   audit.sh VENV   the environment whose packages are listed; the tools go into VENV-audit
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
found=$("$tools/bin/pip-audit" -r constraints.txt --no-deps --disable-pip --progress-spinner off 2>&1) || status=1
if grep -q 'could not be audited' <<<"$found"; then
  echo "$(grep -c 'could not be audited' <<<"$found") of the packages could not be looked up: is PyPI reachable?"
fi
grep -v 'could not be audited' <<<"$found" || true
exit $status
