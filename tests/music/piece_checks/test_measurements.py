"""Measurements of pieces, and refusals."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest

from earmark.foundation.errors import PieceError
from earmark.music.midi.arrange import Tempo
from earmark.music.midi.notes import notes_of
from earmark.music.midi.smf import read
from earmark.music.piece_checks import measurements
from earmark.music.piece_checks.measurements import (
    PieceLimits,
    measure,
    reason_to_refuse,
)
from earmark.music.recordings.audio import Format
from earmark.music.synthesis.piece import render_piece
from earmark.music.synthesis.soundfont import soundfont_path
from earmark.music.synthesis.synth import Synthesis

LIMITS = PieceLimits(
    min_duration_s=3, min_notes=10, min_rms_db=-70, max_clipped_share=0.1, max_duration_error_s=5
)
RECORDING = {"finite": True, "duration_s": 60.0, "rms_db": -20.0, "clipped_share": 0.0, "peak": 0.5}
MIDI = {**RECORDING, "notes": 100, "expected_s": 60.0}


@pytest.mark.parametrize("facts", [RECORDING, MIDI])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"finite": False}, "the sound has values that are not numbers (NaN or infinity)"),
        ({"duration_s": 2.94}, "lasts 2.9 s, less than validate.min_duration_s=3"),
        ({"rms_db": -70.1}, "silent: -70 dB of full scale"),
        ({"rms_db": -200.0}, "silent: -200 dB of full scale"),
        ({"rms_db": -70.0}, None),
        ({"clipped_share": 0.101}, "clipped throughout: 10% of its samples are at full scale"),
        ({"clipped_share": 0.1}, None),
        ({"finite": False, "duration_s": 0.0, "rms_db": -200.0}, "the sound has values that are not numbers"),
    ],
)
def test_a_sound_is_refused_by_its_measurements(facts, change, reason):
    refusal = reason_to_refuse({**facts, **change}, LIMITS)
    assert refusal is None if reason is None else refusal.startswith(reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"notes": 9}, "has 9 notes, less than validate.min_notes=10"),
        ({"notes": 10}, None),
        ({"duration_s": 65.1}, "its sound is 5.1 s longer than its MIDI says (60.0 s)"),
        ({"duration_s": 54.0}, "its sound is 6.0 s shorter than its MIDI says (60.0 s)"),
        ({"duration_s": 65.0}, None),
        ({"duration_s": 55.0}, None),
    ],
)
def test_a_midi_piece_is_refused_by_its_notes_too(change, reason):
    assert reason_to_refuse({**MIDI, **change}, LIMITS) == reason


def test_a_piece_of_just_the_shortest_duration_is_long_enough():
    assert reason_to_refuse({**RECORDING, "duration_s": 3.0}, LIMITS) is None


AS_ENCODED = Tempo("original")
SYNTHESIS = Synthesis(soundfont_path("", Path()), gain=0.6, tail_s=0.5, max_s=30)


@pytest.fixture
def measured(tmp_path):
    """The facts of a MIDI file and the sound that it gives, or of a sound."""

    def run(raw, media="midi", tempo=AS_ENCODED, instruments="original", max_s=30.0):
        wav, facts = raw, tmp_path / "facts.json"
        if media == "midi":
            wav = tmp_path / "rendered.wav"
            synthesis = Synthesis(SYNTHESIS.soundfont, gain=0.6, tail_s=0.5, max_s=max_s)
            render_piece(raw, tempo, instruments, synthesis, Format(22_050, 1), wav)
        measure(
            raw,
            wav,
            hashlib.sha256(wav.read_bytes()).hexdigest(),
            media,
            tempo,
            instruments,
            0.5,
            max_s,
            100_000,
            facts,
        )
        return json.loads(facts.read_text())

    return run


@pytest.fixture
def scale(write_midi, note):
    """Twenty crotchets of strings at 120 a minute, and four strokes of the drum."""
    import mido

    program = (0, mido.Message("program_change", program=48))
    strokes = [event for i in range(4) for event in note(i * 480, i * 480 + 100, 38, channel=9)]
    return write_midi(
        [program, *(event for i in range(20) for event in note(i * 480, (i + 1) * 480, 60 + i))], strokes
    )


def test_the_facts_of_a_midi_piece(scale, measured):
    facts = measured(scale)
    assert facts["duration_s"] == pytest.approx(10.5, abs=1e-3)
    assert facts["expected_s"] == pytest.approx(10.5)
    assert facts["notes"] == 24
    assert facts["finite"] is True
    assert -40 < facts["rms_db"] < 20 * math.log10(facts["peak"]) < 0
    assert reason_to_refuse(facts, LIMITS) is None
    encoded = facts["encoded"]
    shares = {name: value for name, value in encoded.items() if name.startswith("share of")}
    assert len(shares) == 17
    assert {name: value for name, value in shares.items() if value} == {
        "share of Ensemble": pytest.approx(20 / 24),
        "share of drums": pytest.approx(4 / 24),
    }
    assert encoded["log_duration"] == pytest.approx(math.log(10))
    assert encoded["log_density"] == pytest.approx(math.log(2.4))
    assert facts["heard"] == encoded


def test_on_the_piano_measurements_of_the_sound_lack_instruments_and_those_of_the_file_have_them(
    scale, measured
):
    facts = measured(scale, instruments="piano", tempo=Tempo("normalised", 4.0))
    assert facts["notes"] == 20
    assert facts["expected_s"] == pytest.approx(5.5)
    assert facts["heard"] == {
        "log_duration": pytest.approx(math.log(5)),
        "log_density": pytest.approx(math.log(4)),
    }
    assert facts["encoded"]["share of Ensemble"] == pytest.approx(20 / 24)
    assert facts["score"] == measured(scale)["score"]


def test_a_cut_piece_is_expected_to_be_cut(scale, measured):
    facts = measured(scale, max_s=4.0)
    assert facts["duration_s"] == pytest.approx(4.0, abs=1e-3)
    assert facts["expected_s"] == 4.0
    assert measured(scale, max_s=0.0)["expected_s"] == pytest.approx(10.5)


def test_equal_sounds_have_equal_marks_and_others_do_not(scale, measured):
    first, second, other = measured(scale), measured(scale), measured(scale, max_s=4.0)
    assert first["sound"] == second["sound"] != other["sound"]


def test_the_facts_of_a_recording(tone, write_sound, measured):
    facts = measured(write_sound(tone(1_000, 22_050, 4.0), 22_050), media="audio")
    assert facts["duration_s"] == pytest.approx(4)
    assert facts["rms_db"] == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=0.01)
    assert "notes" not in facts
    assert "score" not in facts
    control = facts["heard"]
    assert control == facts["encoded"]
    assert control["log_duration"] == pytest.approx(math.log(4))
    for share in (50, 85, 95):  # all of the power of a tone lies at its frequency
        assert math.exp(control[f"log_hz_{share}"]) == pytest.approx(1_000, abs=22_050 / 2048 * 1.5)


def test_white_noise_has_half_of_its_power_below_half_of_its_band(write_sound, measured):
    noise = np.random.default_rng(0).normal(0, 0.1, (200_000, 2))
    control = measured(write_sound(noise, 20_000), media="audio")["heard"]
    for share in (50, 85, 95):
        assert math.exp(control[f"log_hz_{share}"]) == pytest.approx(10_000 * share / 100, rel=0.02)


@pytest.mark.parametrize("samples", [100, 22_050])
def test_silence_is_measured_without_a_fault_and_refused(write_sound, measured, samples):
    facts = measured(write_sound(np.zeros((samples, 1)), 22_050), media="audio")
    assert facts["rms_db"] == -200
    assert np.isfinite(list(facts["heard"].values())).all()
    assert reason_to_refuse({**facts, "duration_s": 5}, LIMITS) == "silent: -200 dB of full scale"


def test_an_unreadable_piece_says_why(tmp_path, measured):
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(PieceError, match="cannot be read as audio"):
        measured(tmp_path / "text.wav", media="audio")


def test_facts_are_plain_json(scale, measured, tmp_path):
    facts = measured(scale)

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads((tmp_path / "facts.json").read_text(), parse_constant=refuse) == facts


def test_a_part_without_notes_has_a_pace(write_midi, note):
    """A logarithm of no notes would be a `math domain error`, told as the reason."""
    none = notes_of(read(write_midi(note(0, 480, 60)))).until(0.0)
    assert len(none) == 0
    assert all(map(math.isfinite, measurements._pace(none).values()))
    assert all(map(math.isfinite, measurements._note_facts(none).values()))
