"""Which model hears which tag of a library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.apps.tags.library import Listener, Track, check_labels

if TYPE_CHECKING:
    from earmark.identify.kept import Kept


def listeners_of(
    kinds: Sequence[str],
    tracks: Sequence[Track],
    models: Mapping[str, str],
    folders: Mapping[str, Path],
    strictness: str,
    kept: Kept | None = None,
) -> dict[str, Listener]:
    """Load what hears the kinds that some file lacks; other models are not loaded.

    Args:
        kinds: The kinds of tags that are wanted; `bpm` needs no model.
        tracks: The files, with what each lacks.
        models: How the user named the model of each kind.
        folders: The folder of the bundle of each kind.
        strictness: Of the models; "" as they were trained.
        kept: What was heard before, if that is to be used.

    Returns:
        By kind, in their order.

    Raises:
        EarmarkError: A bundle is refused, or answers another question.
    """
    listeners: dict[str, Listener] = {}
    for kind in kinds:
        if not any(kind in track.wanted for track in tracks):
            continue
        if kind == "bpm":
            from earmark.apps.tags.tempo_listener import TempoListener

            listeners[kind] = TempoListener()
            continue
        from earmark.identify.identifier import Identifier

        identifier = Identifier.load(folders[kind], strictness, kept)
        learned = identifier.bundle
        check_labels(kind, models[kind], learned.labels, learned.question)
        listeners[kind] = identifier
    return listeners
