"""Scores of the music21 package, and the committed list of them that is the default corpus."""

import csv
import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pretty_midi
import pytest

import earmark
from earmark.errors import EarmarkError, PieceError
from earmark.sources import music21

CORPORA = Path(__file__).parents[2] / "data" / "corpora"
COMPOSER = CORPORA / "composer.csv"
CHORALE = "bach/bwv66.6.mxl"

SCORE = """<score-partwise version="3.1">
  <part-list><score-part id="P1"><part-name>Solo</part-name></score-part></part-list>
  <part id="P1">%s</part>
</score-partwise>"""


def bar(left="", right="", attributes=""):
    """Four quarters, C D E F."""
    time = "<divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time>"
    notes = "".join(
        f"<note><pitch><step>{step}</step><octave>4</octave></pitch><duration>1</duration></note>"
        for step in "CDEF"
    )
    return f"<measure>{left}<attributes>{time}{attributes}</attributes>{notes}{right}</measure>"


def barline(side, inside):
    return f'<barline location="{side}">{inside}</barline>'


def transpose(steps, semitones, octaves):
    steps = f"<diatonic>{steps}</diatonic><chromatic>{semitones}</chromatic>"
    return f"<transpose>{steps}<octave-change>{octaves}</octave-change></transpose>"


def words(text):
    return f"<direction><direction-type><words>{text}</words></direction-type></direction>"


START, END = '<repeat direction="forward"/>', '<repeat direction="backward"/>'
FIRST, SECOND = '<ending number="1" type="%s"/>', '<ending number="2" type="%s"/>'


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """An empty folder in place of the corpus inside the package."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    monkeypatch.setattr(music21, "_corpus_folder", lambda: folder)
    return folder


def in_fresh_process(code, *arguments, **environment):
    source = str(Path(earmark.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source, **environment}
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_equal_bytes_in_fresh_processes_and_nothing_else(tmp_path):
    code = (
        "import sys; from pathlib import Path; from earmark.sources import music21\n"
        "music21.convert(sys.argv[1], Path(sys.argv[2]))"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for seed in ("1", "2"):
        places = {"HOME": str(scratch), "TMPDIR": str(scratch), "PYTHONHASHSEED": seed}
        done = in_fresh_process(code, CHORALE, str(tmp_path / f"{seed}.mid"), **places)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "1.mid").read_bytes() == (tmp_path / "2.mid").read_bytes()
    assert not list(scratch.iterdir())  # neither settings nor pickles
    midi = pretty_midi.PrettyMIDI(str(tmp_path / "1.mid"))
    assert [part.name for part in midi.instruments] == ["Soprano", "Alto", "Tenor", "Bass"]


def test_finding_a_score_does_not_import_the_package():
    code = (
        "import sys; from earmark.sources import music21\n"
        f"assert music21.corpus_file({CHORALE!r}).is_file() and music21.version()\n"
        "assert 'music21' not in sys.modules"
    )
    assert in_fresh_process(code).stderr == ""


@pytest.mark.parametrize("name", ["bach/bwv9999.mxl", "bach"])
def test_unknown_name(name):
    with pytest.raises(PieceError, match=rf"music21 \S+ ships no score {name}$"):
        music21.corpus_file(name)


@pytest.mark.parametrize("name", ["../__init__.py", "bach/../../__init__.py", "/etc/hostname"])
def test_escape_is_refused(name, tmp_path):
    with pytest.raises(EarmarkError, match=f"music21:{name} leads out of music21's corpus"):
        music21.convert(name, tmp_path / "out.mid")


def test_missing_package(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EarmarkError, match="pip install music21"):
        music21.corpus_file(CHORALE)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.xml", (SCORE % bar())[:300]),
        ("empty.mxl", ""),
        ("noise.krn", "\x00\x01 no music"),
        ("notes.txt", "C D E F"),
        ("two.abc", "X:1\nT:One\nM:4/4\nK:C\nCDEF|\n\nX:2\nT:Two\nM:4/4\nK:C\nFEDC|\n"),
    ],
)
def test_unreadable_score(corpus, tmp_path, name, content):
    (corpus / name).write_text(content)
    with pytest.raises(PieceError) as caught:
        music21.convert(name, tmp_path / "out.mid")
    reason = str(caught.value)
    assert name in reason
    assert "\n" not in reason
    assert str(tmp_path) not in reason  # the same reason on every machine
    assert not (tmp_path / "out.mid").exists()


@pytest.mark.parametrize(
    "bars",
    [
        [bar(), bar(right=barline("right", END))],
        [bar(left=barline("left", START)), bar()],  # never closed: music21 cannot expand it
        [bar(), bar(right=words("D.C."))],
        [bar(), bar(right=words("D.C. al Fine"))],  # no Fine: nor this
        [
            bar(),
            bar(barline("left", FIRST % "start"), barline("right", FIRST % "stop" + END)),
            bar(barline("left", SECOND % "start"), barline("right", SECOND % "discontinue")),
        ],
    ],
    ids=["repeat", "open repeat", "da capo", "da capo without fine", "endings"],
)
def test_repeats_are_not_played(corpus, tmp_path, bars):
    (corpus / "score.xml").write_text(SCORE % "".join(bars))
    music21.convert("score.xml", tmp_path / "out.mid")
    (part,) = pretty_midi.PrettyMIDI(str(tmp_path / "out.mid")).instruments
    assert [note.pitch for note in part.notes] == len(bars) * [60, 62, 64, 65]
    assert [note.start for note in part.notes] == pytest.approx(
        [quarter / 2 for quarter in range(4 * len(bars))]  # seconds
    )


@pytest.mark.parametrize(
    ("interval", "semitones"),
    [
        (transpose(-1, -2, 0), -2),  # clarinet in B flat
        (transpose(0, 0, -1), 0),  # an octave: see _tune
    ],
)
def test_transposing_instruments_sound_in_tune(corpus, tmp_path, interval, semitones):
    (corpus / "score.xml").write_text(SCORE % bar(attributes=interval))
    music21.convert("score.xml", tmp_path / "out.mid")
    (part,) = pretty_midi.PrettyMIDI(str(tmp_path / "out.mid")).instruments
    assert [note.pitch - semitones for note in part.notes] == [60, 62, 64, 65]


def listed():
    with COMPOSER.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_list_is_tidy():
    text = COMPOSER.read_bytes()
    assert text.startswith(b"path,label,group,role,title\n")
    assert b"\r" not in text
    order = [(row["role"], row["label"], row["path"]) for row in listed()]
    assert order == sorted(set(order))
    assert all(all(row.values()) for row in listed())


def test_list_has_48_works_of_each_known_composer():
    works = {(row["label"], row["group"]) for row in listed() if row["role"] == "known"}
    assert Counter(label for label, _ in works) == {"Bach": 48, "Palestrina": 48, "Monteverdi": 48}


def test_no_work_and_no_composer_straddles():
    places, roles = defaultdict(set), defaultdict(set)
    for row in listed():
        places[row["group"]].add((row["role"], row["label"]))
        roles[row["label"]].add(row["role"])
    assert [group for group, found in places.items() if len(found) > 1] == []
    assert [label for label, found in roles.items() if len(found) > 1] == []
    assert set.union(*roles.values()) == {"known", "unknown-calibration", "unknown-test"}


def test_every_listed_score_is_shipped():
    for row in listed():
        scheme, _, name = row["path"].partition(":")
        assert scheme == "music21"
        music21.corpus_file(name)


@pytest.mark.skipif(music21.version() != "10.5.1", reason="the list was made from music21 10.5.1")
def test_list_is_what_its_script_writes(tmp_path):
    script = shutil.copy(CORPORA / "build_composer.py", tmp_path)
    subprocess.run([sys.executable, script], check=True)
    assert (tmp_path / "composer.csv").read_bytes() == COMPOSER.read_bytes()
