"""Find the soundfont that plays MIDI, and check it."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from earmark.foundation.errors import EarmarkError
from earmark.store.digest import digest_file

DEFAULT = "TimGM6mb.sf2"  # General MIDI bank by Tim Brechbill, GPL-2
# Where systems put it: on Debian and Ubuntu libfluidsynth3 brings it as the package timgm6mb-soundfont.
SYSTEM_FOLDERS = (
    *(Path("/usr/share/sounds/sf2"), Path("/usr/share/soundfonts")),
    *(Path("/usr/local/share/soundfonts"), Path("/opt/homebrew/share/soundfonts")),
)

# Two versions of it: that inside pretty_midi, and Debian's 1.3. Of chords on all 128 programs they differ by
# 42 dB and more below the sound, but for the alto saxophone (8 dB), taiko (24 dB) and six sound effects.
VERSIONS = frozenset(
    {
        "82475b91a76de15cb28a104707d3247ba932e228bada3f47bba63c6b31aaf7a1",
        "c5378b62028c920cb11e4803327983fee2f2cdff5dc89c708e39da417e51c854",
    }
)


def soundfont_path(name: str, base: Path) -> Path:
    """Return the file of a soundfont.

    Args:
        name: `TimGM6mb.sf2` or "" for the default one, else a path.
        base: Folder of relative paths.

    Raises:
        EarmarkError: The file is missing, or is no SoundFont 2 or 3 file.
    """
    path = _default() if name in ("", DEFAULT) else base / Path(name).expanduser()
    try:
        with path.open("rb") as file:
            header = file.read(12)
    except OSError as error:
        raise EarmarkError(
            f"soundfont {path}: {error.strerror}; set render.soundfont to a readable .sf2 file"
        ) from error
    if header[:4] != b"RIFF" or header[8:12] != b"sfbk":
        raise EarmarkError(
            f"soundfont {path} is not a SoundFont file: set render.soundfont to an .sf2 or .sf3"
        )
    return path


def _default() -> Path:
    """The default one: pretty_midi's, by which the models in the package learned, or the system's."""
    spec = importlib.util.find_spec("pretty_midi")
    folders = [] if spec is None or spec.origin is None else [Path(spec.origin).parent]
    for folder in (*folders, *SYSTEM_FOLDERS):
        if (folder / DEFAULT).is_file():
            return folder / DEFAULT
    raise EarmarkError(
        f"{DEFAULT}, the soundfont that plays MIDI, was not found: sudo apt-get install timgm6mb-soundfont, "
        "or pip install pretty_midi, which brings it"
    )


def sound_alike(digest: str, other: str) -> bool:
    """Whether the soundfonts of two digests are one, or versions of the default one."""
    return digest == other or {digest, other} <= VERSIONS


@cache
def soundfont_digest(path: Path) -> str:
    """Return the SHA-256 of a soundfont's bytes: a part of the key of everything it plays."""
    return digest_file(path)
