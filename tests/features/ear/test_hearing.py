"""What the ear hears of music that FluidSynth plays, with the weights that are shipped."""

import mir_eval
import numpy as np
import pytest
import soxr

from earmark.features.ear import hearing
from earmark.features.ear.decode import notes_heard
from earmark.features.ear.hearing import at_ear_rate, hear
from earmark.features.ear.spectrum import RATE_HZ
from earmark.music.synthesis.soundfont import soundfont_path
from earmark.music.synthesis.synth import Synthesis, synthesize

# A scale, then chords: (start_s, end_s, pitch).
NOTES = [(0.4 * k, 0.4 * k + 0.38, pitch) for k, pitch in enumerate((60, 62, 64, 65, 67, 69, 71, 72))]
NOTES += [
    (3.4 + k, 4.3 + k, pitch) for k, chord in enumerate(((48, 55, 64), (53, 57, 60, 65))) for pitch in chord
]


@pytest.fixture
def played(events_of, tmp_path):
    def play(program):
        events = events_of(*((start, end, pitch, 0, 0) for start, end, pitch in NOTES), program=program)
        synthesis = Synthesis(soundfont_path("", tmp_path), gain=0.6)
        return np.concatenate(list(synthesize(events, synthesis))).T

    return play


def f1(notes, true=NOTES):
    truth = np.array(true)
    return mir_eval.transcription.precision_recall_f1_overlap(
        truth[:, :2],
        mir_eval.util.midi_to_hz(truth[:, 2]),
        np.stack([notes.onset_s, notes.end_s], axis=1),
        mir_eval.util.midi_to_hz(notes.pitch),
        offset_ratio=None,
    )[2]


@pytest.mark.parametrize("program", [0, 24, 48, 73])  # piano, guitar, strings, flute
def test_the_notes_of_a_scale_and_chords_are_heard(played, program):
    assert f1(notes_heard(hear(at_ear_rate(played(program), 44_100)))) >= 0.9


@pytest.mark.parametrize("cents", [-45, 30, 45])
def test_music_out_of_tune_is_heard_as_in_tune(played, cents):
    factor = 2 ** (cents / 1200)
    sound = soxr.resample(played(0).mean(axis=0), 44_100 * factor, RATE_HZ).astype(np.float32)
    heard = hear(sound)
    assert heard.tuning_cents == pytest.approx(cents, abs=5)
    assert f1(notes_heard(heard), [(a / factor, b / factor, p) for a, b, p in NOTES]) >= 0.9


def test_blocks_do_not_show(played, monkeypatch):
    sound = at_ear_rate(played(0), 44_100)
    whole = hear(sound)
    monkeypatch.setattr(hearing, "BLOCK", 50)
    blocks = hear(sound)
    assert np.allclose(whole.onset, blocks.onset, atol=1e-4)
    assert np.allclose(whole.sounding, blocks.sounding, atol=1e-4)


def test_silence_holds_no_notes():
    assert len(notes_heard(hear(np.zeros(RATE_HZ, np.float32)))) == 0
