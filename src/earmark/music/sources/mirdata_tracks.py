"""Data sets on disk that mirdata knows: it is asked for paths and labels, never to download.

References:
    Bittner, R. M., et al.: mirdata: software for reproducible usage of datasets. ISMIR 2019.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.words import printable
from earmark.music.sources.origin import Origin
from earmark.music.sources.readable import fault_of
from earmark.music.sources.spelling import spelled

PREFIX = "mirdata:"
LABELS = (
    *("genre", "style", "key", "composer", "canonical_composer", "raga", "makam", "instrument"),
    *("instrument_full", "artist"),
)
"""Attributes of tracks that are taken for labels, the first that a data set has."""
_FILES = ("audio_path", "midi_path")
_TITLES = ("canonical_title", "title")
# What must not be shared by what is learned from and what is tested on.
_WORKS = {"genre": ("artist", "artists"), "style": ("artist", "artists", "drummer")}
_WORKS_ELSE = ("work", "canonical_title", "work_id", "title")


def read_mirdata(name: str, data_home: Path | None, field: str = "") -> tuple[list[Origin], str]:
    """List the tracks of a data set.

    The work is the artist where genres are labels, else work or title, where tracks have such attributes;
    otherwise a track is a work of its own.

    Args:
        name: As mirdata calls it.
        data_home: Where it lies; None for mirdata's own place, `~/mir_datasets/NAME`.
        field: The attribute of tracks that is the label; "" for the first of LABELS that they have.

    Returns:
        The pieces, under the absolute paths of their files, and the attribute that is the label. Tracks
        without file or label have a `fault`.

    Raises:
        EarmarkError: There is no such data set or attribute, or its index is not there.
        ModuleNotFoundError: mirdata is not installed.
    """
    import mirdata

    if name not in mirdata.list_datasets():
        raise EarmarkError(
            f"mirdata knows no data set {printable(name)}: python -c 'import mirdata; "
            "print(mirdata.list_datasets())' lists them"
        )
    if data_home is not None and not data_home.is_dir():
        raise EarmarkError(f"{data_home} is no folder: --data-home DIR says where {name} lies")
    dataset = mirdata.initialize(name, None if data_home is None else str(data_home.resolve()))
    if not os.path.exists(dataset.index_path):
        raise EarmarkError(
            f"mirdata's list of {name} is not there yet: python -c \"import mirdata; "
            f"mirdata.initialize('{name}').download(['index'])\" fetches it"
        )
    try:
        tracks = dataset.load_tracks()
    except (NotImplementedError, AttributeError) as error:
        raise EarmarkError(f"{name} has no tracks that mirdata can list: {describe(error)}") from error
    except (OSError, ValueError, KeyError) as error:
        raise EarmarkError(f"{name} cannot be read in {dataset.data_home}: {describe(error)}") from error
    if not tracks:
        raise EarmarkError(f"{name} has no tracks")
    first = next(iter(tracks.values()))
    label = field or next((one for one in LABELS if hasattr(type(first), one) or one in vars(first)), "")
    if not label or not (hasattr(type(first), label) or label in vars(first)):
        has = ", ".join(_attributes(first))
        raise EarmarkError(f"tracks of {name} have no {label or 'label'}: --label-from ATTRIBUTE, of {has}")
    return [_origin(name, identity, track, label) for identity, track in tracks.items()], label


def _origin(dataset: str, identity: str, track: Any, field: str) -> Origin:
    file = _file(track)
    fault = "mirdata names no file of it" if file is None else fault_of(file)
    label, reason = _text(track, field)
    works = (_text(track, one)[0] for one in _WORKS.get(field, _WORKS_ELSE))
    titles = (_text(track, one)[0] for one in _TITLES)
    work = next(filter(None, works), "")
    return Origin(
        name=str(file) if file else f"{PREFIX}{dataset}/{identity}",
        label=label,
        group=f"{label}/{work}" if work else f"{dataset}/{identity}",
        title=next(filter(None, titles), identity),
        file=file,
        fault=fault or reason,
    )


def _file(track: Any) -> Path | None:
    """The sound or MIDI of a track: the first that is there, else the first that is named."""
    names = (*_FILES, *(one for one in _attributes(track) if one.startswith("audio") and "path" in one))
    stated = (getattr(track, name, None) for name in names)
    files = [Path(path).absolute() for path in stated if isinstance(path, str)]
    return next((file for file in files if file.exists()), files[0] if files else None)


def _text(track: Any, attribute: str) -> tuple[str, str]:
    """The text of an attribute, and why it is none."""
    try:
        value = getattr(track, attribute, None)
    except Exception as error:  # data sets read their own files in many ways
        return "", f"its {attribute} cannot be read: {describe(error)}"
    if isinstance(value, (list, tuple, set)) and len(set(map(str, value))) == 1:
        value = next(iter(value))
    if isinstance(value, (str, int)) and (text := spelled(str(value))):
        return ("", f"its {attribute} is unknown") if text.lower() == "unknown" else (text, "")
    if value is None or value == "" or value == []:
        return "", f"it has no {attribute}"
    several = isinstance(value, (list, tuple, set, Mapping))
    return "", f"its {attribute} is not one text but {'several' if several else type(value).__name__}"


def _attributes(track: Any) -> list[str]:
    """Names of what a track has, without what mirdata gives every track."""
    own = {one for one in dir(type(track)) if not one.startswith("_")} | set(vars(track))
    return sorted(own - {"to_jams", "get_path", "track_id"} - {one for one in own if one.startswith("_")})
