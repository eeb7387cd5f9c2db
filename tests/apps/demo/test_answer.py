"""The page says what `earmark identify` says, and shows nothing else as what it is not."""

import pytest

from earmark.apps.demo.answer import NEAREST_COLUMNS, Answer, answer, in_words, nearest_rows
from earmark.foundation.deadline import Deadline
from earmark.foundation.errors import EarmarkError
from earmark.identify.inputs import Target
from earmark.identify.limited import LimitedIdentifier
from earmark.identify.limits import Limits
from earmark.identify.verdict import Neighbour, Verdict


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("answer")


@pytest.fixture(scope="module")
def answered(limited, melody, folder):
    return answer(limited, melody, folder, limited.limits.deadline())


def test_it_is_the_identifiers_own_verdict(answered, identifier, melody):
    verdict = identifier.identify(Target(melody.name, melody))
    assert not answered.failed, answered.words
    assert answered.words == in_words(verdict)
    assert answered.nearest == nearest_rows(verdict)
    assert len(answered.nearest) == 3


def test_what_is_heard_is_what_the_model_hears(answered, identifier, melody, tmp_path):
    identifier.recipe.wav(melody, tmp_path / "own.wav")
    assert answered.sound.read_bytes() == (tmp_path / "own.wav").read_bytes()


def test_the_bars_are_shares_of_one(answered, identifier):
    assert list(answered.bars) == identifier.bundle.labels
    assert sum(answered.bars.values()) == pytest.approx(1)
    assert min(answered.bars.values()) >= 0


def test_the_picture_is_a_png(answered, folder):
    assert answered.picture.parent == folder
    assert answered.picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_a_broken_file_has_one_line_without_the_servers_paths(limited, broken, tmp_path):
    content = answer(limited, broken, tmp_path, limited.limits.deadline())
    assert content.failed
    assert (content.title, content.sound, content.picture, content.bars) == ("broken.mid", None, None, {})
    assert content.words.startswith("cannot be heard: ")
    assert "\n" not in content.words
    assert str(broken.parent) not in content.words


def test_a_file_that_is_gone_is_said(limited, tmp_path):
    content = answer(limited, tmp_path / "gone.wav", tmp_path, limited.limits.deadline())
    assert content.words == "cannot be heard: there is no such file"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (EarmarkError("the soundfont is\nmissing"), "the soundfont is missing"),
        (RuntimeError("out of\n\tluck"), "RuntimeError: out of luck"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_whatever_goes_wrong_is_one_line(identifier, limited, melody, tmp_path, monkeypatch, error, words):
    def fail(*_):
        raise error

    monkeypatch.setattr(type(identifier.recipe), "wav", fail)
    content = answer(limited, melody, tmp_path, limited.limits.deadline())
    assert (content.failed, content.words) == (True, f"cannot be heard: {words}")


def test_what_is_over_a_limit_is_refused_before_it_is_heard(identifier, melody, tmp_path):
    few = LimitedIdentifier(identifier, Limits(max_midi_events=79))
    content = answer(few, melody, tmp_path, few.limits.deadline())
    assert content.words == "cannot be heard: has more than the 79 MIDI events that are taken here"
    assert list(tmp_path.iterdir()) == []


def test_work_ends_at_the_deadline(limited, melody, tmp_path):
    late = Deadline(50)
    late.cancel()
    assert answer(limited, melody, tmp_path, late).words.startswith("cannot be heard: nobody waits")


@pytest.mark.parametrize("failed", [True, False])
def test_names_and_labels_are_no_markup(failed):
    html = Answer("<script>a</script>.mid", 'R&B "<i>', failed).html()
    assert "&lt;script&gt;a&lt;/script&gt;.mid" in html
    assert "R&amp;B &quot;&lt;i&gt;" in html
    assert html.startswith('<div role="alert"' if failed else '<div role="status"')


def test_titles_of_neighbours_are_no_markup(answered):
    html = answered.nearest_html()
    assert "<td>&lt;b&gt;Rusalka&lt;/b&gt;</td>" in html
    assert html.count("<tr>") == 1 + len(answered.nearest)
    assert html.count("<td>") == len(answered.nearest) * len(NEAREST_COLUMNS)


def test_verdicts_in_words():
    assert in_words(Verdict("a", "jig", "jig", 0.934)) == "jig, confidence 0.93"
    unknown = Verdict("a", "unknown", "jig", 0.5, reason="distance 3 is above 2")
    assert in_words(unknown) == "unknown (jig?): distance 3 is above 2"


def test_neighbours_have_minutes_and_a_name():
    verdict = Verdict(
        "a",
        neighbours=[Neighbour("p", "Tune", "jig", 1.234, 65.9, 0.0), Neighbour("q", "", "reel", 2, 600, 5)],
    )
    rows = nearest_rows(verdict)
    assert rows == [["jig", "Tune", "1:05", "0:00", "1.23"], ["reel", "q", "10:00", "0:05", "2.00"]]
    assert {len(row) for row in rows} == {len(NEAREST_COLUMNS)}
