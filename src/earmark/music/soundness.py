"""Weed out what is not music to learn from, and merge what is there twice.

First every piece is measured (slow, in parallel, kept in the store), then judged (a table operation).
The measurements also hold what a *control* may see: instruments, duration and density of a MIDI file,
duration, loudness and bandwidth of a recording; no pitch, no rhythm.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.foundation.quiet_import import quiet_import
from earmark.music.audio import blocks_of, judge
from earmark.music.midi.arrange import Tempo, arranged
from earmark.music.midi.notes import Notes, notes_of
from earmark.music.midi.smf import first_metre, read

if TYPE_CHECKING:
    import pandas as pd

SPECTRUM_N_FFT = 2048  # samples of a frame of the mean spectrum, for the bandwidth


@dataclass
class Limits:
    """What a piece must keep to; see conf/validate/ for the units."""

    min_duration_s: float
    min_notes: int
    min_rms_db: float
    max_clipped_share: float
    max_duration_error_s: float


def measure(
    raw: Path,
    wav: Path,
    wav_digest: str,
    media: str,
    tempo: Tempo,
    instruments: str,
    tail_s: float,
    max_s: float,
    to: Path,
) -> None:
    """Write what can be measured of one piece to the JSON file `to`. wav_digest: SHA-256 of `wav`."""
    sound = judge(wav)
    facts: dict[str, Any] = {
        "duration_s": sound.duration_s,
        "peak": sound.peak,
        "rms_db": 20 * math.log10(max(sound.rms, 1e-10)),
        "clipped_share": sound.clipped_share,
        "finite": sound.finite,
        "sound": wav_digest,
    }
    if media == "midi":
        events = read(raw)
        encoded = notes_of(events)
        whole = notes_of(arranged(events, tempo, instruments))
        heard = whole.until(max_s) if max_s else whole
        expected_s = whole.end_s + tail_s
        facts["expected_s"] = min(expected_s, max_s) if max_s else expected_s
        facts["notes"] = len(heard)
        facts["score"] = encoded.fingerprint()
        facts["metre"] = first_metre(raw)
        facts["encoded"] = _note_facts(encoded)
        facts["heard"] = _note_facts(heard) if instruments == "original" else _pace(heard)
    else:
        facts["encoded"] = facts["heard"] = _sound_facts(wav, facts)
    to.write_text(json.dumps(facts), encoding="utf-8")


def _pace(notes: Notes) -> dict[str, float]:
    length_s = max(notes.end_s, 1e-3)
    return {"log_duration": math.log(length_s), "log_density": math.log(len(notes) / length_s)}


def _note_facts(notes: Notes) -> dict[str, float]:
    """Duration, density and the share of notes that each General MIDI family plays."""
    program_to_instrument_class = quiet_import("pretty_midi").program_to_instrument_class
    facts = _pace(notes)
    for program in range(0, 128, 8):
        share = float(np.mean((notes.program // 8 == program // 8) & ~notes.is_drum))
        facts[f"share of {program_to_instrument_class(program)}"] = share
    facts["share of drums"] = float(np.mean(notes.is_drum))
    return facts


def _sound_facts(wav: Path, facts: Mapping[str, float]) -> dict[str, float]:
    """Duration, loudness and the frequencies below which 50, 85 and 95 % of the power lie."""
    rate_hz, blocks = blocks_of(wav)
    power = np.zeros(SPECTRUM_N_FFT // 2 + 1)
    window = np.hanning(SPECTRUM_N_FFT)
    for block in blocks:
        mono = block.mean(axis=1)
        frames = mono[: len(mono) // SPECTRUM_N_FFT * SPECTRUM_N_FFT].reshape(-1, SPECTRUM_N_FFT)
        power += np.square(np.abs(np.fft.rfft(frames * window, axis=1))).sum(axis=0)
    cumulated = np.cumsum(power) / max(power.sum(), 1e-20)
    hz = np.fft.rfftfreq(SPECTRUM_N_FFT, 1 / rate_hz)
    found = {"log_duration": math.log(max(facts["duration_s"], 1e-3)), "rms_db": facts["rms_db"]}
    for share in (0.5, 0.85, 0.95):
        place = min(int(np.searchsorted(cumulated, share)), len(hz) - 1)
        found[f"log_hz_{int(share * 100)}"] = math.log(max(float(hz[place]), 10.0))
    return found


def verdict_on(facts: Mapping[str, Any], limits: Limits) -> str | None:
    """Why a measured piece is not fit to learn from; None where it is."""
    if not facts["finite"]:
        return "the sound has values that are not numbers (NaN or infinity)"
    if facts["duration_s"] < limits.min_duration_s:
        return (
            f"lasts {facts['duration_s']:.1f} s, less than validate.min_duration_s={limits.min_duration_s:g}"
        )
    if facts["rms_db"] < limits.min_rms_db:
        return f"silent: {facts['rms_db']:.0f} dB of full scale"
    if facts["clipped_share"] > limits.max_clipped_share:
        return f"clipped throughout: {facts['clipped_share']:.0%} of its samples are at full scale"
    if "notes" in facts:
        if facts["notes"] < limits.min_notes:
            return f"has {facts['notes']} notes, less than validate.min_notes={limits.min_notes}"
        error_s = facts["duration_s"] - facts["expected_s"]
        if abs(error_s) > limits.max_duration_error_s:
            word = "longer" if error_s > 0 else "shorter"
            return (
                f"its sound is {abs(error_s):.1f} s {word} than its MIDI says ({facts['expected_s']:.1f} s)"
            )
    return None


def resolve_duplicates(
    pieces: pd.DataFrame, facts: Mapping[str, Mapping[str, Any]]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Note-for-note and sample-for-sample duplicates: the pieces with merged groups, and the reasons.

    Duplicates of one label are one work: their groups become one. Duplicates under several labels
    cannot all be right: all are quarantined, except that a piece with a label stands against one
    without.
    """
    ids, labels, paths = list(pieces.piece_id), list(pieces.label), list(pieces.path)
    same: dict[str, list[int]] = {}
    for row, piece_id in enumerate(ids):
        for kind in ("score", "sound"):
            if mark := facts[piece_id].get(kind):
                same.setdefault(mark, []).append(row)
    groups = list(pieces.group)
    parent = {group: group for group in groups}

    def root(group: str) -> str:
        while parent[group] != group:
            group = parent[group]
        return group

    reasons: dict[str, str] = {}
    for rows in same.values():
        given = {labels[row] for row in rows}
        if len(given) > 1:
            condemned = [row for row in rows if not labels[row]] if "" in given and len(given) == 2 else rows
            for row in condemned:
                other = next(other for other in rows if labels[other] != labels[row])
                reasons[ids[row]] = f"the same music as {paths[other]} of {labels[other] or 'no label'}"
        for row in rows[1:]:
            first, second = sorted((root(groups[rows[0]]), root(groups[row])))
            parent[second] = first
    merged = pieces.copy()
    merged["group"] = [root(group) for group in groups]
    return merged[~merged.piece_id.isin(reasons)], reasons
