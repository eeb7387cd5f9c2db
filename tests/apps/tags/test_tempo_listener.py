"""Tempo as a tag, of clicks and of MIDI whose tempo is known."""

import mido
import numpy as np
import pytest
import soundfile

from earmark.apps.tags.tempo_listener import TempoListener, tempo_verdict
from earmark.identify.describe.sound import write_sound
from earmark.identify.inputs import Target

RATE_HZ = 22_050


def target(path):
    return Target(path.name, path)


@pytest.fixture
def clicks(tmp_path):
    """A maker of a recording of clicks, each early or late by a share of a beat."""

    def make(bpm, spread=0.0, name="a.wav", seconds=20.0):
        random = np.random.default_rng(0)
        sound = np.zeros(int(seconds * RATE_HZ), np.float32)
        burst = np.sin(2 * np.pi * 1_000 * np.arange(600) / RATE_HZ) * np.hanning(600)
        at_s = 0.2
        while at_s < seconds - 0.2:
            start = int(at_s * RATE_HZ)
            sound[start : start + 600] += burst
            at_s += 60 / bpm * np.exp(spread * random.normal())
        soundfile.write(tmp_path / name, 0.8 * sound, RATE_HZ)
        return tmp_path / name

    return make


@pytest.fixture
def song(tmp_path):
    """A maker of a MIDI file played as WAV: a chord on the first of four beats, a tune in quavers."""

    def make(bpm, spread=0.0, seconds=24.0):
        random = np.random.default_rng(1)
        track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm), time=0)])
        for beat in range(int(seconds * bpm / 60)):
            ticks = round(240 * np.exp(spread * random.normal()))
            chord = [48, 55] if beat % 4 == 0 else []
            for half in range(2):
                notes = [*(chord if half == 0 else []), int(random.integers(60, 73))]
                loud = 60 if half else 90 - 15 * (beat % 2)
                track += [mido.Message("note_on", note=note, velocity=loud, time=0) for note in notes]
                track.append(mido.Message("note_off", note=notes[-1], time=ticks))
                track += [mido.Message("note_off", note=note, time=0) for note in notes[:-1]]
        file = mido.MidiFile(ticks_per_beat=480)
        file.tracks.append(track)
        file.save(tmp_path / "a.mid")
        write_sound(tmp_path / "a.mid", tmp_path / "song.wav")
        return tmp_path / "song.wav"

    return make


@pytest.mark.parametrize("bpm", [72, 100, 128, 160])
def test_clicks(clicks, bpm):
    verdict = tempo_verdict(target(clicks(bpm)))
    assert (verdict.label, verdict.nearest_label, verdict.error) == (str(bpm), str(bpm), "")
    assert verdict.confidence > 0.9


@pytest.mark.parametrize("bpm", [84, 120, 150])
def test_midi_that_is_played(song, bpm):
    verdict = tempo_verdict(target(song(bpm)))
    assert int(verdict.label) == pytest.approx(bpm, abs=1)


def test_fast_music_comes_as_half_as_many_beats(song):
    assert int(tempo_verdict(target(song(180))).label) == pytest.approx(90, abs=1)


def test_free_rhythm_and_noise_stay_untagged(clicks, song, tmp_path):
    assert tempo_verdict(target(clicks(100, spread=0.3))).label == "unknown"
    assert tempo_verdict(target(song(100, spread=0.3))).label == "unknown"
    noise = np.random.default_rng(0).normal(0, 0.1, 20 * RATE_HZ)
    soundfile.write(tmp_path / "noise.wav", noise, RATE_HZ)
    assert tempo_verdict(target(tmp_path / "noise.wav")).label == "unknown"


def test_a_bad_file_is_its_own_error_and_the_others_go_on(clicks, tmp_path):
    bad = tmp_path / "bad.flac"
    bad.write_bytes(b"fLaC")
    files = [clicks(120), bad, clicks(90, name="b.wav")]
    one, two, three = TempoListener().identify_all(list(map(target, files)), 1)
    assert (one.label, three.label) == ("120", "90")
    assert two.error
    assert "\n" not in two.error


def test_processes_hear_the_same(clicks):
    files = [target(clicks(bpm, name=f"{bpm}.wav", seconds=6)) for bpm in (90, 120)]
    assert [verdict.label for verdict in TempoListener().identify_all(files, 2)] == ["90", "120"]
