"""One MIDI piece to one WAV file."""

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from earmark.foundation.errors import PieceError
from earmark.music.midi.arrange import Tempo
from earmark.music.recordings.audio import Format, measure_sound
from earmark.music.synthesis.piece import render_piece
from earmark.music.synthesis.soundfont import soundfont_path
from earmark.music.synthesis.synth import Synthesis

SYNTHESIS = Synthesis(soundfont_path("", Path()), gain=0.6, tail_s=0.5)
AS_ENCODED = Tempo("original")
MONO = Format(22_050, 1)


@pytest.fixture
def render(tmp_path):
    def render(midi, tempo=AS_ENCODED, instruments="original", synthesis=SYNTHESIS, target=MONO):
        wav = tmp_path / "sound.wav"
        render_piece(midi, tempo, instruments, synthesis, target, wav)
        return wav

    return render


def program(number, channel=0):
    return (0, mido.Message("program_change", program=number, channel=channel))


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (22_050, 2), (44_100, 1), (48_000, 2)])
def test_a_rendered_a4_has_its_peak_at_440_hz_at_every_rate(
    write_midi, note, render, peak_hz, rate_hz, channels
):
    wav = render(write_midi(note(0, 1440, 69)), target=Format(rate_hz, channels))
    sound, written_hz = soundfile.read(wav, always_2d=True)
    assert written_hz == rate_hz
    assert sound.shape == (pytest.approx(2 * rate_hz, abs=1), channels)  # 1.5 s and a tail of 0.5
    for waveform in sound.T:
        assert peak_hz(waveform, rate_hz) == pytest.approx(440, abs=0.5)


def test_the_file_is_16_bit_wav(write_midi, note, render):
    info = soundfile.info(render(write_midi(note(0, 480, 69))))
    assert (info.format, info.subtype) == ("WAV", "PCM_16")


def test_equal_arguments_give_equal_bytes(write_midi, note, render):
    midi = write_midi([program(48), *note(0, 480, 69), *note(100, 900, 60)])
    synthesis = Synthesis(SYNTHESIS.soundfont, reverb=True, chorus=True)
    first = render(midi, synthesis=synthesis).read_bytes()
    assert render(midi, synthesis=synthesis).read_bytes() == first


def test_a_normalised_tempo_changes_the_length_and_not_the_pitch(write_midi, note, render, peak_hz):
    midi = write_midi([event for i in range(20) for event in note(i * 480, i * 480 + 480, 69)])
    wav = render(midi, Tempo("normalised", 4.0))  # crotchets at 120 are two onsets a second
    assert measure_sound(wav).duration_s == pytest.approx(5.5, abs=1e-3)
    sound, rate_hz = soundfile.read(wav)
    assert peak_hz(sound, rate_hz) == pytest.approx(440, abs=4)


def test_on_the_piano_instruments_are_not_told_apart(write_midi, note, render):
    pieces = [
        [program(19), *note(0, 480, 69)],
        [program(73), *note(0, 480, 69), *note(0, 100, 38, channel=9)],
    ]
    wavs = [render(write_midi(piece), instruments="piano").read_bytes() for piece in pieces]
    assert wavs[0] == wavs[1]
    wavs = [render(write_midi(piece)).read_bytes() for piece in pieces]
    assert wavs[0] != wavs[1]


def test_two_tracks_in_unison_on_one_channel_keep_their_own_notes(write_midi, note, render):
    midi = write_midi([program(18), *note(0, 480, 69)], note(0, 1920, 69))
    sound, rate_hz = soundfile.read(render(midi))

    def rms(start_s, end_s):
        return np.sqrt(np.mean(sound[round(start_s * rate_hz) : round(end_s * rate_hz)] ** 2))

    assert rms(1.0, 1.9) == pytest.approx(rms(0.1, 0.4), rel=0.5)
    assert rms(2.4, 2.5) < 1e-2 * rms(1.0, 1.9)


@pytest.mark.parametrize("max_s", [0.5, 1.0])
def test_a_long_piece_is_cut(write_midi, note, render, max_s):
    wav = render(write_midi(note(0, 9600, 69)), synthesis=Synthesis(SYNTHESIS.soundfont, max_s=max_s))
    assert measure_sound(wav).duration_s == pytest.approx(max_s, abs=1e-4)


def test_a_full_orchestra_stays_within_full_scale(write_midi, note, render):
    tracks = [
        [program(number, channel), *note(0, 960, 36 + 5 * channel, channel, 127)]
        for channel, number in enumerate([48, 56, 60, 61, 73, 68, 71, 0])
    ]
    sound = measure_sound(render(write_midi(*tracks), synthesis=Synthesis(SYNTHESIS.soundfont, gain=2.0)))
    assert sound.peak <= 1
    assert sound.clipped_share > 0  # at this gain; wrapped-around samples would not be at full scale


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty file"), (b"not music", "not a MIDI file"), (None, "cannot be read: No such file")],
)
def test_what_cannot_be_played_says_why(tmp_path, render, content, reason):
    midi = tmp_path / "bad.mid"
    if content is not None:
        midi.write_bytes(content)
    with pytest.raises(PieceError, match=reason):
        render(midi)
