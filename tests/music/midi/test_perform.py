"""Simulated players: what they change, and that they change nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.foundation.errors import PieceError
from earmark.music.midi.notes import Notes, notes_of
from earmark.music.midi.perform import LEAD_S, PLAYERS, Metre, Player, perform, to_midi
from earmark.music.midi.smf import CONTROL, PROGRAM, parse

ANNA, BERT, CLARA = PLAYERS["anna"], PLAYERS["bert"], PLAYERS["clara"]
LETTER = replace(
    CLARA, drift_ms=0, jitter_ms=0, tempo=1, rubato=0, articulation=1, velocity_spread=0, accent=0
)


def tune(bars=16, velocity=90, drums=False):
    """Bars of eight quavers at 120 quarters a minute, a scale up and down; 2 s a bar."""
    count = 8 * bars
    pitch = 60 + np.tile([0, 2, 4, 5, 7, 5, 4, 2], bars)
    return Notes(
        onset_s=np.arange(count) * 0.25,
        duration_s=np.full(count, 0.25),
        pitch=pitch.astype(np.int16),
        velocity=np.full(count, velocity, dtype=np.int16),
        program=np.full(count, 40, dtype=np.int16),
        is_drum=np.full(count, drums),
    )


def common_time(bars=16):
    """Beats of 4/4 at 120 a minute with music21's weights."""
    return Metre(beat_s=np.arange(4 * bars) * 0.5, weight=np.tile([1.0, 0.25, 0.5, 0.25], bars))


def deviation_ms(played, score, player):
    return 1000 * (played.onset_s - LEAD_S - score.onset_s / player.tempo)


@pytest.mark.parametrize("player", PLAYERS.values(), ids=PLAYERS)
def test_the_notes_stay_in_order_and_nothing_sounds_before_the_beginning(player):
    played = perform(tune(), common_time(), player, "tune")
    assert played.pitch.tolist() == tune().pitch.tolist()
    assert played.onset_s.min() == pytest.approx(LEAD_S)
    assert (played.duration_s > 0).all()
    assert set(played.program.tolist()) == {player.program}


def test_a_player_without_habits_plays_to_the_letter():
    played = perform(tune(), common_time(), LETTER, "tune")
    assert played.onset_s - LEAD_S == pytest.approx(tune().onset_s)
    assert played.duration_s == pytest.approx(tune().duration_s)
    assert set(played.velocity.tolist()) == {LETTER.velocity}


def test_equal_seeds_give_equal_performances_and_others_do_not():
    first, again, other = (
        to_midi(perform(tune(), common_time(), ANNA, seed), ANNA) for seed in ("tune", "tune", "other")
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_tempo_scales_the_length(factor):
    played = perform(tune(), common_time(), replace(LETTER, tempo=factor), "tune")
    assert played.end_s - LEAD_S == pytest.approx(32 / factor)


def test_jitter_and_drift_have_the_deviation_that_is_stated_and_only_drift_lasts():
    score, metre = tune(bars=500), common_time(bars=500)
    for habits, lasting in (({"jitter_ms": 10.0}, 0.0), ({"drift_ms": 10.0}, np.exp(-0.25 / 2))):
        played = perform(score, metre, replace(LETTER, **habits), "tune")
        error_ms = deviation_ms(played, score, LETTER)
        error_ms = error_ms - error_ms.mean()
        assert error_ms.std() == pytest.approx(10, rel=0.15)
        assert np.corrcoef(error_ms[1:], error_ms[:-1])[0, 1] == pytest.approx(lasting, abs=0.06)


def test_a_phrase_slows_at_both_ends_and_takes_its_time_on_the_whole():
    played = perform(tune(), common_time(), replace(LETTER, rubato=0.2), "tune")
    step = np.diff(played.onset_s)
    phrase = 32  # quavers in four bars
    assert step[0] == pytest.approx(0.25 * 1.2, rel=0.01)  # dt'/dt = 1 + rubato
    assert step[phrase // 2] == pytest.approx(0.25 * 0.8, rel=0.01)
    assert played.onset_s[2 * phrase] - played.onset_s[0] == pytest.approx(2 * phrase * 0.25)


def test_articulation_is_the_share_of_a_note_that_sounds():
    played = perform(tune(), common_time(), replace(LETTER, articulation=0.6), "tune")
    assert played.duration_s == pytest.approx(0.6 * tune().duration_s)


def test_accents_follow_the_metre():
    played = perform(tune(), common_time(), replace(LETTER, velocity=60, accent=20), "tune")
    assert played.velocity[:8].tolist() == [80, 60, 65, 60, 70, 60, 65, 60]


def test_the_score_s_dynamics_stay():
    score = tune()
    score.velocity[::2] += 10
    played = perform(score, common_time(), replace(LETTER, velocity=60), "tune")
    assert np.diff(played.velocity)[:3].tolist() == [-10, 10, -10]


def test_a_pickup_shifts_neither_accents_nor_phrases():
    score, metre = tune(), common_time()
    played = perform(score, Metre(metre.beat_s + 0.5, metre.weight), replace(LETTER, accent=20), "tune")
    assert played.velocity[:4].tolist() == [78, 78, 98, 78]


@pytest.mark.parametrize("metre", [Metre(np.empty(0), np.empty(0)), Metre(np.zeros(1), np.ones(1))])
def test_music_without_bars_can_be_played(metre):
    played = perform(tune(), metre, ANNA, "tune")
    assert len(played) == len(tune())
    assert np.isfinite(played.onset_s).all()


def test_a_key_has_one_finger():
    score = tune(bars=1)
    pitch, onset, duration = (score.pitch.copy(), score.onset_s.copy(), score.duration_s.copy())
    pitch[:] = 60
    onset[1] = 0.0  # a unison of two parts
    duration[:2] = 0.25, 5.0  # the longer of them lasts over the notes that follow
    score = replace(score, pitch=pitch, onset_s=onset, duration_s=duration)
    played = perform(score, common_time(), ANNA, "tune")
    assert len(played) == 7
    assert (played.onset_s[:-1] + played.duration_s[:-1] < played.onset_s[1:]).all()


def test_drums_are_not_for_pianists():
    with pytest.raises(PieceError, match="only drums play"):
        perform(tune(drums=True), common_time(), ANNA, "tune")


def test_the_file_holds_the_performance_the_instrument_and_the_room():
    played = perform(tune(), common_time(), BERT, "tune")
    events = parse(to_midi(played, BERT))
    read = notes_of(events)
    assert read.pitch.tolist() == played.pitch.tolist()
    assert read.velocity.tolist() == played.velocity.tolist()
    assert read.onset_s == pytest.approx(played.onset_s, abs=3e-4)  # half a tick
    assert read.duration_s == pytest.approx(played.duration_s, abs=6e-4)
    assert events.data1[events.kind == PROGRAM].tolist() == [BERT.program]
    control = events.kind == CONTROL
    controllers = dict(zip(events.data1[control].tolist(), events.data2[control].tolist(), strict=True))
    assert controllers == {10: BERT.pan, 91: BERT.reverb, 93: BERT.chorus}
    assert events.time_s[control].max() < played.onset_s.min()


def test_anna_and_bert_differ_in_timing_touch_instrument_and_room_but_both_play_the_piano():
    score, metre = tune(), common_time()
    anna, bert = (perform(score, metre, player, "tune") for player in (ANNA, BERT))
    spread_ms = [np.diff(played.onset_s).std() * 1000 for played in (anna, bert)]
    assert abs(spread_ms[0] - spread_ms[1]) > 3
    assert bert.velocity.mean() - anna.velocity.mean() > 8
    assert np.median(anna.duration_s) > 1.2 * np.median(bert.duration_s)
    assert ANNA.program != BERT.program
    assert (ANNA.pan, ANNA.reverb, ANNA.chorus) != (BERT.pan, BERT.reverb, BERT.chorus)
    assert all(0 <= player.program <= 7 for player in PLAYERS.values())  # General MIDI's pianos


@pytest.mark.parametrize(
    "wrong",
    [{"drift_ms": -1}, {"tempo": 0}, {"rubato": 1}, {"articulation": 0}, {"articulation": 1.1}]
    + [{name: value} for name in ("program", "pan", "reverb", "chorus") for value in (-1, 128)],
    ids=str,
)
def test_an_impossible_player_is_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}.*must"):
        Player(**{**vars(ANNA), **wrong})
