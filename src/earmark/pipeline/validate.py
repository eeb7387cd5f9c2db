"""Stage validate: sound pieces to `data/pieces.csv`, the others to `data/quarantine.csv` with a reason.

`data/pieces.csv` has the columns of the catalog and two more: `duration_s`, and `warning`, which says what of
a file is not heard ("" where all of it is).
"""

from __future__ import annotations

import json
from functools import cache, partial
from typing import Any

import pandas as pd

from earmark.foundation.closure import code_version
from earmark.foundation.errors import EarmarkError
from earmark.foundation.libraries import library_versions
from earmark.foundation.progress import say
from earmark.foundation.words import printable
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import (
    KNOWN,
    QUARANTINE_COLUMNS,
    quarantine_rows,
    read_table,
    too_few,
    write_table,
)
from earmark.music.piece_checks.duplicates import resolve_duplicates
from earmark.music.piece_checks.measurements import measure, reason_to_refuse
from earmark.pipeline.context import Context
from earmark.pipeline.settings.schema import Config
from earmark.store.fill import Task, fill
from earmark.store.links import keep_only
from earmark.store.records import read_record, write_records

EARLIER = ("ingest", "render")
MOST_WARNINGS = 10  # on the screen


def run(config: Config, workspace: Workspace) -> None:
    """Measure every rendered piece, decide on it, resolve duplicates, and list what was left out."""
    context = Context(config, workspace)
    catalog = read_table(workspace.catalog)
    failed = pd.concat([read_table(context.failures(stage)) for stage in EARLIER])
    pieces = catalog[~catalog.piece_id.isin(failed.piece_id)].reset_index(drop=True)
    digests = read_table(workspace.audio_table).set_index("piece_id").sha256
    tasks = _tasks(context, pieces, dict(digests))
    folder = workspace.facts
    reasons = fill(context.store, context.executor, "facts", tasks, folder, "validate")
    facts = {
        piece_id: _judged(read_record(folder / f"{piece_id}.json"))
        for piece_id in pieces.piece_id
        if piece_id not in reasons
    }
    reasons |= {
        piece_id: reason
        for piece_id, record in facts.items()
        if (reason := reason_to_refuse(record, config.validate)) is not None
    }
    sound = pieces[~pieces.piece_id.isin(reasons)].reset_index(drop=True)
    sound, duplicated = resolve_duplicates(sound, facts)
    few = _few(sound, config.data.min_works)
    sound = sound[~sound.piece_id.isin(few)].reset_index(drop=True)
    sound["duration_s"] = [round(facts[piece_id]["duration_s"], 3) for piece_id in sound.piece_id]
    sound["warning"] = [facts[piece_id].get("warning", "") for piece_id in sound.piece_id]
    refused = quarantine_rows(pieces, reasons | duplicated | few, "validate")
    quarantine = pd.concat([failed, refused]).reindex(columns=QUARANTINE_COLUMNS)
    write_table(quarantine, workspace.quarantine)
    write_table(sound, workspace.pieces)
    keep_only(folder, {f"{piece_id}.json" for piece_id in sound.piece_id})
    write_records(folder, sound.piece_id, workspace.facts_table)
    _say(sound, quarantine)
    if sound.empty:
        raise EarmarkError(f"no piece is left to learn from: {workspace.quarantine} says why")


def _few(sound: pd.DataFrame, least: int) -> dict[str, str]:
    """Why pieces are left out whose label has too few works now that some were refused, by piece_id."""
    known = sound[sound.role == KNOWN]
    few = too_few(zip(known.label, known.group, strict=True), least)
    return {
        piece_id: f"its label has too few works left: {few[label]}, and data.min_works={least}"
        for piece_id, label in zip(known.piece_id.astype(str), known.label.astype(str), strict=True)
        if label in few
    }


def _tasks(context: Context, pieces: pd.DataFrame, digests: dict[str, str]) -> list[Task]:
    code, workspace = code_version("earmark.music.piece_checks.measurements"), context.workspace
    libraries = library_versions("numpy")
    raw, audio = workspace.raw, workspace.audio

    @cache
    def settings_of(media: str) -> tuple[dict[str, Any], str]:
        settings = {
            "media": media,
            "tempo": context.config.recipe(workspace).tempo,
            "instruments": context.config.render.instruments,
            "tail_s": context.config.render.tail_s,
            "max_s": context.config.render.max_seconds,
            "max_events": context.config.midi.max_events,
        }
        return settings, json.dumps(settings, default=vars)

    def task(piece: Any) -> Task:
        settings, words = settings_of(piece.media)
        wav_digest = digests.get(piece.piece_id, "")  # none where the notes of the file are used
        key = context.store.key(
            sha256=piece.sha256, wav=wav_digest, settings=words, libraries=libraries, code=code
        )
        wav = audio / f"{piece.piece_id}.wav" if wav_digest else None
        make = partial(_measure, raw=raw / piece.raw, wav=wav, wav_digest=wav_digest, settings=settings)
        return Task(piece.piece_id, key, f"{piece.piece_id}.json", make)

    return [task(piece) for piece in pieces.itertuples()]


def _measure(to: Any, raw: Any, wav: Any, wav_digest: str, settings: dict[str, Any]) -> None:
    measure(raw, wav, wav_digest, to=to, **settings)


def _judged(facts: dict[str, Any]) -> dict[str, Any]:
    """Without what only the control sees, most of it: those of all pieces are held at once."""
    return {name: value for name, value in facts.items() if not isinstance(value, dict)}


def _say(sound: pd.DataFrame, quarantine: pd.DataFrame) -> None:
    hours = sound.duration_s.sum() / 3600
    say(f"validate: {len(sound)} sound pieces, {hours:.1f} hours; {len(quarantine)} in quarantine")
    for (stage, reason), rows in quarantine.groupby(["stage", "reason"]):
        first = printable(rows.path.iloc[0])
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        say(f"  {stage}: {first}{more}: {printable(str(reason))}")
    warned = sound[sound.warning != ""]
    for piece in warned.head(MOST_WARNINGS).itertuples():
        say(f"  not all of {printable(str(piece.path))} is heard: {piece.warning}")
    if len(warned) > MOST_WARNINGS:
        say(f"  nor of {len(warned) - MOST_WARNINGS} more: column warning of data/pieces.csv")
