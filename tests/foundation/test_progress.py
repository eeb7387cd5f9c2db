"""What people see while they wait."""

import io
import sys

import pytest

from earmark.foundation import progress


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when told to."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])

    def sleep(seconds):
        now[0] += seconds

    return sleep


def working(seconds, count, clock):
    for item in range(count):
        clock(seconds)
        yield item


def test_without_a_terminal_there_are_plain_lines_every_ten_seconds(capsys, clock):
    assert list(progress.track(working(4, 7, clock), 7, "render")) == list(range(7))
    assert capsys.readouterr().out.splitlines() == [
        "render: 3/7 pieces, 0.2/s, 16 s left",
        "render: 6/7 pieces, 0.2/s, 4 s left",
        "render: 7/7 pieces in 28.0 s",
    ]


def test_the_end_is_told_once(capsys, clock):
    assert list(progress.track(working(20, 2, clock), 2, "render")) == [0, 1]
    assert capsys.readouterr().out.splitlines() == [
        "render: 1/2 pieces, 0.1/s, 20 s left",
        "render: 2/2 pieces in 40.0 s",
    ]


def test_what_is_done_at_once_says_so_in_one_line(capsys, clock):
    assert list(progress.track(working(0, 3, clock), 3, "split", "works")) == [0, 1, 2]
    assert capsys.readouterr().out == "split: 3/3 works in 0.0 s\n"


def test_nothing_to_do_is_no_error(capsys, clock):
    assert list(progress.track([], 0, "render")) == []
    assert capsys.readouterr().out == "render: 0/0 pieces in 0.0 s\n"


def test_items_are_taken_one_by_one_as_they_are_asked_for(capsys):
    taken = []
    items = progress.track((taken.append(item) or item for item in range(5)), 5, "render")
    assert next(items) == 0
    assert taken == [0]


def test_on_a_terminal_the_same_items_pass_beside_a_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    assert list(progress.track(iter("abc"), 3, "render")) == ["a", "b", "c"]
    shown = capsys.readouterr().out
    assert "render" in shown
    assert "3/3" in shown


def test_a_line_is_printed_at_once(monkeypatch):
    printed = []
    monkeypatch.setattr("builtins.print", lambda *text, **how: printed.append((text, how)))
    progress.say("render: done")
    assert printed == [(("render: done",), {"flush": True, "file": None})]


def test_what_a_command_prints_is_not_mixed_with_its_progress(capsys, clock, monkeypatch):
    shown = []
    for terminal, seconds in ((True, 0), (False, 20), (False, 0)):
        monkeypatch.setattr("sys.stderr.isatty", lambda terminal=terminal: terminal)
        items = progress.track(working(seconds, 3, clock), 3, "listen", "files", stream=sys.stderr)
        assert list(items) == [0, 1, 2]
        printed = capsys.readouterr()
        assert printed.out == ""
        shown.append("3/3" in printed.err)
    assert shown == [True, True, False]
    assert printed.err == ""  # what was over at once


def test_a_line_shows_no_more_than_a_terminal_may(capsys):
    progress.say("ingest: left out a\x1b[2K\r.mid\ningest: 3 pieces")
    assert capsys.readouterr().out == "ingest: left out a\\x1b[2K\\r.mid\ningest: 3 pieces\n"


def test_a_bar_on_standard_error_leaves_standard_output_alone(capsys):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    for item in progress.track(range(3), 3, "identify", stream=terminal):
        print("verdict", item)
    assert capsys.readouterr().out.splitlines() == ["verdict 0", "verdict 1", "verdict 2"]
    assert "identify" in terminal.getvalue()
    assert "verdict" not in terminal.getvalue()
