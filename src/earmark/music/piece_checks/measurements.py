"""Measure pieces, and refuse those unfit to learn from.

First every piece is measured (slow, in parallel, kept in the store), then checked (a table operation).
The measurements also hold the features of the *control* classifier: instruments, duration and density of a
MIDI file, duration, loudness and bandwidth of a recording; no pitch, no rhythm.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.music.midi.arrange import Tempo, arranged
from earmark.music.midi.notes import Notes, notes_of
from earmark.music.midi.smf import first_metre, read
from earmark.music.recordings.audio import blocks_of, measure_sound
from earmark.music.recordings.expected import unheard
from earmark.music.recordings.formats import format_of

if TYPE_CHECKING:
    pass

# General MIDI's families of eight programs each.
FAMILIES = (
    *("Piano", "Chromatic Percussion", "Organ", "Guitar", "Bass", "Strings", "Ensemble", "Brass"),
    *("Reed", "Pipe", "Synth Lead", "Synth Pad", "Synth Effects", "Ethnic", "Percussive", "Sound Effects"),
)
SPECTRUM_N_FFT = 2048  # samples of a frame of the mean spectrum, for the bandwidth
DIGITS = 6  # after the point, of logarithms: those that every processor agrees on


@dataclass
class PieceLimits:
    """PieceLimits that a piece must keep; see conf/validate/.

    Attributes:
        min_duration_s: Shortest sound, seconds.
        min_notes: Fewest notes of a MIDI file.
        min_rms_db: Lowest root mean square, dB of full scale.
        max_clipped_share: Largest share of samples at full scale, 0 to 1.
        max_duration_error_s: Largest difference between a MIDI file's sound and its notes, seconds.
    """

    min_duration_s: float
    min_notes: int
    min_rms_db: float
    max_clipped_share: float
    max_duration_error_s: float


def measure(
    raw: Path,
    wav: Path | None,
    wav_digest: str,
    media: str,
    tempo: Tempo,
    instruments: str,
    tail_s: float,
    max_s: float,
    max_events: int,
    to: Path,
) -> None:
    """Measure one piece and write the measurements as a JSON object.

    Args:
        raw: The piece as it was ingested.
        wav: Its sound in the pipeline's format; None for a MIDI file whose notes alone are used.
        wav_digest: SHA-256 of `wav`.
        media: `midi` or `audio`.
        tempo: Pace at which `raw` was played.
        instruments: `original` or `piano`, as `raw` was played.
        tail_s: Seconds that were recorded after the last note.
        max_s: Seconds after which the sound was cut off; 0 for no limit.
        max_events: Events that `raw` may hold.
        to: The file to write.

    Raises:
        PieceError: A file is unreadable.
    """
    facts: dict[str, Any] = {} if wav is None else _measured(wav, wav_digest)
    if media == "midi":
        events = read(raw, max_events)
        encoded = notes_of(events)
        whole = notes_of(arranged(events, tempo, instruments, max_s))
        played = whole.until(max_s) if max_s else whole
        expected_s = whole.end_s + tail_s
        facts["expected_s"] = min(expected_s, max_s) if max_s else expected_s
        facts.setdefault("duration_s", facts["expected_s"])
        facts["notes"] = len(played)
        facts["score"] = encoded.fingerprint()
        facts["metre"] = first_metre(raw, max_events)
        if events.warnings:
            facts["warning"] = "; ".join(events.warnings)
        facts["encoded"] = _note_facts(encoded)
        facts["heard"] = _note_facts(played) if instruments == "original" else _pace(played)
    else:
        assert wav is not None
        facts["encoded"] = facts["heard"] = _sound_facts(wav, facts)
        if warning := unheard(raw, format_of(raw), facts["duration_s"], max_s):
            facts["warning"] = warning
    to.write_text(json.dumps(facts), encoding="utf-8")


def _measured(wav: Path, wav_digest: str) -> dict[str, Any]:
    """Return what limits are about: duration (s), peak, RMS (dB of full scale), clipping."""
    sound = measure_sound(wav)
    return {
        "duration_s": sound.duration_s,
        "peak": sound.peak,
        "rms_db": round(20 * math.log10(max(sound.rms, 1e-10)), DIGITS),
        "clipped_share": sound.clipped_share,
        "finite": sound.finite,
        "sound": wav_digest,
    }


def _log(value: float) -> float:
    return round(math.log(value), DIGITS)


def _pace(notes: Notes) -> dict[str, float]:
    """Return log duration (s) and log density (notes a second)."""
    length_s = max(notes.end_s, 1e-3)
    return {"log_duration": _log(length_s), "log_density": _log(max(len(notes), 1) / length_s)}


def _note_facts(notes: Notes) -> dict[str, float]:
    """Return duration, density and the share of notes that each General MIDI family plays."""
    facts = _pace(notes)
    if not len(notes):
        return facts
    for number, family in enumerate(FAMILIES):
        facts[f"share of {family}"] = float(np.mean((notes.program // 8 == number) & ~notes.is_drum))
    facts["share of drums"] = float(np.mean(notes.is_drum))
    return facts


def _sound_facts(wav: Path, facts: Mapping[str, float]) -> dict[str, float]:
    """Return duration, loudness and the frequencies below which 50, 85 and 95 % of the power lie."""
    rate_hz, blocks = blocks_of(wav)
    power = np.zeros(SPECTRUM_N_FFT // 2 + 1)
    window = np.hanning(SPECTRUM_N_FFT)
    for block in blocks:
        mono = block.mean(axis=1)
        frames = mono[: len(mono) // SPECTRUM_N_FFT * SPECTRUM_N_FFT].reshape(-1, SPECTRUM_N_FFT)
        power += np.square(np.abs(np.fft.rfft(frames * window, axis=1))).sum(axis=0)
    cumulated = np.cumsum(power) / max(power.sum(), 1e-20)
    hz = np.fft.rfftfreq(SPECTRUM_N_FFT, 1 / rate_hz)
    features = {"log_duration": _log(max(facts["duration_s"], 1e-3)), "rms_db": facts["rms_db"]}
    for share in (0.5, 0.85, 0.95):
        bin_index = min(int(np.searchsorted(cumulated, share)), len(hz) - 1)
        features[f"log_hz_{int(share * 100)}"] = _log(max(float(hz[bin_index]), 10.0))
    return features


def reason_to_refuse(facts: Mapping[str, Any], limits: PieceLimits) -> str | None:
    """Return why a piece is not fit to learn from, or None where it is.

    Args:
        facts: What `measure` wrote of it.
        limits: The limits to keep.
    """
    has_sound = "finite" in facts
    if has_sound and not facts["finite"]:
        return "the sound has values that are not numbers (NaN or infinity)"
    if facts["duration_s"] < limits.min_duration_s:
        return (
            f"lasts {facts['duration_s']:.1f} s, less than validate.min_duration_s={limits.min_duration_s:g}"
        )
    if has_sound and facts["rms_db"] < limits.min_rms_db:
        return f"silent: {facts['rms_db']:.0f} dB of full scale"
    if has_sound and facts["clipped_share"] > limits.max_clipped_share:
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
