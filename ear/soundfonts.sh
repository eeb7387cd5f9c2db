#!/usr/bin/env bash
# Install the soundfonts that the ear is trained with and judged by, where they are missing.
set -euo pipefail
packages=()
want() { [ -e "$1" ] || packages+=("$2"); }
want /usr/share/sounds/sf2/FluidR3_GM.sf2 fluid-soundfont-gm
want /usr/share/sounds/sf3/MuseScore_General_Lite.sf3 musescore-general-soundfont-small
want /usr/share/sounds/sf2/OPL-3_FM_128M.sf2 opl3-soundfont
want /usr/share/sounds/sf2/sf_GMbank.sf2 csound-soundfont
[ ${#packages[@]} -gt 0 ] || exit 0
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y --no-install-recommends "${packages[@]}"
