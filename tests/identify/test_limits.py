"""One set of limits, from options, variables and defaults."""

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.identify.limits import Limits, OverLimitError


def test_options_come_before_variables_and_those_before_defaults(monkeypatch):
    monkeypatch.setenv("EARMARK_MAX_BYTES", "1000")
    monkeypatch.setenv("EARMARK_MAX_SOUND_S", "2.5")
    limits = Limits.from_environment(max_bytes=7, queue=None)
    assert (limits.max_bytes, limits.max_sound_s, limits.queue) == (7, 2.5, Limits().queue)


@pytest.mark.parametrize(
    ("value", "message"),
    [("many", "EARMARK_QUEUE=many is not a number"), ("-1", "queue: -1 is no limit, which is 0 or more")],
)
def test_a_variable_that_is_no_limit_is_one_line(monkeypatch, value, message):
    monkeypatch.setenv("EARMARK_QUEUE", value)
    with pytest.raises(EarmarkError, match=message):
        Limits.from_environment()


@pytest.mark.parametrize(
    ("check", "most", "message"),
    [
        ("check_bytes", 10, "more than the 10 bytes"),
        ("check_rows", 2, "3 rows are more than the 2"),
        ("check_sound", 60.0, "lasts 61 s, more than the 60 s of sound"),
        ("check_midi_events", 100, "more than the 100 MIDI events"),
        ("check_midi_bytes", 800, "801 bytes is larger than 100 events are"),
    ],
)
def test_the_limit_itself_is_taken_and_one_more_is_not(check, most, message):
    limits = Limits(max_bytes=10, max_rows=2, max_sound_s=60.0, max_midi_events=100)
    getattr(limits, check)(most)
    with pytest.raises(OverLimitError, match=message):
        getattr(limits, check)(most + 1)
    getattr(Limits(0, 0, 0, 0), check)(10 * most)  # 0: no limit


def test_there_is_one_turn_a_core_by_default():
    assert Limits().at_a_time >= 1
    assert Limits(concurrency=3).at_a_time == 3


def test_a_limit_of_no_such_name_is_refused():
    with pytest.raises(TypeError, match="there is no limit max_byte"):
        Limits.from_environment(max_byte=5)
