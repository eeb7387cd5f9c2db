#!/usr/bin/env bash
# Install what is missing: the FluidSynth library, a virtual environment, pinned packages.
#   setup.sh VENV [COMMAND…]   COMMAND: what else is needed, each in the package of its name
#   PYTHON=… chooses the interpreter, TORCH_INDEX=URL an index for CPU-only wheels
set -euo pipefail
venv=${1:-.venv}

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Run apt-get for what is missing, or name the line to type where that is not allowed.
apt_install() {
  local line="apt-get install -y --no-install-recommends $*"
  command -v apt-get >/dev/null || fail "please install by your system's means: $*"
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo=(sudo)
    else fail "without the right to install packages; please type: sudo $line"; fi
  fi
  say "running: ${sudo[*]:+sudo }$line"
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" $line >/dev/null
}

good_python() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

find_python() {
  if [ -n "${PYTHON:-}" ]; then
    good_python "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11, 3.12 or 3.13"
    echo "$PYTHON"; return
  fi
  local name
  for name in python3 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && good_python "$name"; then echo "$name"; return; fi
  done
  fail "no Python 3.11, 3.12 or 3.13 found: install one (sudo apt-get install python3 python3-venv), or set PYTHON"
}

if ! { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -q 'libfluidsynth\.so\.3'; then
  apt_install libfluidsynth3
fi
for name in git "${@:2}"; do
  command -v "$name" >/dev/null || apt_install "$name"
done

if ! { [ -x "$venv/bin/python" ] && good_python "$venv/bin/python" && [ -x "$venv/bin/pip" ]; }; then
  python=$(find_python)
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    apt_install "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  fi
  say "making $venv with $("$python" --version)"
  rm -rf "$venv"
  "$python" -m venv "$venv"
fi

say "installing pinned packages into $venv (about 6 GB, with CPU-only wheels 2 GB)"
index=()
[ -n "${TORCH_INDEX:-}" ] && index=(--extra-index-url "$TORCH_INDEX")
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  "${index[@]}" -c constraints.txt -e '.[dev]'
say "done"
