"""Scores of the music21 package, and the committed list of them that is the default corpus."""

import cProfile
import csv
import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pretty_midi
import pytest

import earmark
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.music.midi.notes import notes_of
from earmark.music.midi.perform import LEAD_S, PLAYERS
from earmark.music.midi.smf import read
from earmark.music.sources import music21

CORPORA = Path(__file__).parents[3] / "data" / "corpora"
COMPOSER = CORPORA / "composer.csv"
CHORALE = "bach/bwv66.6.mxl"
TUNE = "oneills1850/0001-0050.abc#tune=12"

TWO = """X:1
T:One
M:4/4
L:1/4
K:C
CDEF|GABc|

X:  02
T:Two
M:3/4
L:1/4
K:C
C|FED|CDE|F2|
"""

SCORE = """<score-partwise version="3.1">
  <part-list><score-part id="P1"><part-name>Solo</part-name></score-part></part-list>
  <part id="P1">%s</part>
</score-partwise>"""

BAND = """<score-partwise version="3.1">
  <part-list>
    <score-part id="P1"><part-name>Solo</part-name></score-part>
    <score-part id="P2"><part-name>Drums</part-name>
      <score-instrument id="P2-I1"><instrument-name>Woodblock</instrument-name></score-instrument>
      <midi-instrument id="P2-I1">
        <midi-channel>10</midi-channel><midi-program>1</midi-program><midi-unpitched>77</midi-unpitched>
      </midi-instrument>
    </score-part>
  </part-list>
  <part id="P1">%s</part><part id="P2">%s</part>
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
    monkeypatch.setattr(music21, "corpus_folder", lambda: folder)
    return folder


def in_fresh_process(code, *arguments, **environment):
    source = str(Path(earmark.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source, **environment}
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (CHORALE, ["Soprano", "Alto", "Tenor", "Bass"]),
        (f"{TUNE}&transpose=-3&player=anna", [""]),
    ],
)
def test_equal_bytes_in_fresh_processes_and_nothing_else(tmp_path, name, parts):
    code = (
        "import sys; from pathlib import Path; from earmark.music.sources import music21\n"
        "music21.convert(sys.argv[1], Path(sys.argv[2]))"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for seed in ("1", "2"):
        places = {"HOME": str(scratch), "TMPDIR": str(scratch), "PYTHONHASHSEED": seed}
        done = in_fresh_process(code, name, str(tmp_path / f"{seed}.mid"), **places)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "1.mid").read_bytes() == (tmp_path / "2.mid").read_bytes()
    assert not list(scratch.iterdir())  # neither settings nor pickles
    midi = pretty_midi.PrettyMIDI(str(tmp_path / "1.mid"))
    assert [part.name for part in midi.instruments] == parts


def test_finding_a_score_does_not_import_the_package():
    code = (
        "import sys; from earmark.music.sources import music21\n"
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


def played(folder, name):
    """The one part of a converted score."""
    music21.convert(name, folder / "out.mid")
    (part,) = pretty_midi.PrettyMIDI(str(folder / "out.mid")).instruments
    return part


@pytest.mark.parametrize(("number", "pitches"), [(1, "CDEFGABc"), (2, "CFEDCDEF")])
def test_one_tune_of_a_collection(corpus, tmp_path, number, pitches):
    (corpus / "two.abc").write_text(TWO)
    tune = [note.pitch for note in played(tmp_path, f"two.abc#tune={number}").notes]
    assert tune == [
        {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69, "B": 71, "c": 72}[p] for p in pitches
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("two.abc", "two.abc is a collection of 2 scores, not a piece: .* as in two.abc#tune=1$"),
        ("two.abc#tune=3", "two.abc#tune=3: .*cannot find requested reference number in source file: 3$"),
        ("score.xml#tune=1", "score.xml is no collection of ABC tunes: leave out tune=1$"),
        ("two.abc#tune=1&transpose=12", "transpose '12' is no whole number"),
        ("two.abc#tune=1&player=nobody", "player 'nobody' is none of anna, bert, clara$"),
    ],
)
def test_a_faulty_fragment_is_refused(corpus, tmp_path, name, reason):
    (corpus / "two.abc").write_text(TWO)
    (corpus / "score.xml").write_text(SCORE % bar())
    with pytest.raises(PieceError, match=reason) as caught:
        music21.convert(name, tmp_path / "out.mid")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.mid").exists()


def calls_in_conversion(name, out, words):
    """How many functions are called until a conversion is refused in these words, or ends."""
    profile = cProfile.Profile()
    with pytest.raises(PieceError, match=words) if words else nullcontext():
        profile.runcall(music21.convert, name, out)
    return sum(entry.callcount for entry in profile.getstats())


def test_one_tune_does_not_cost_fifty(tmp_path):
    out = tmp_path / "out.mid"
    music21.convert(TUNE, out)  # the package is imported by now
    one = calls_in_conversion(TUNE, out, "")
    assert one < calls_in_conversion(TUNE.split("#")[0], out, "collection of 50 scores") / 4


@pytest.mark.parametrize("semitones", [-11, -3, 0, 5, 11])
def test_transposed_scores_sound_higher_and_are_else_the_same(tmp_path, semitones):
    parts = {}
    for name in (CHORALE, f"{CHORALE}#transpose={semitones}"):
        music21.convert(name, tmp_path / "out.mid")
        parts[name] = [
            [(note.start, note.end, note.velocity, note.pitch) for note in part.notes]
            for part in pretty_midi.PrettyMIDI(str(tmp_path / "out.mid")).instruments
        ]
    plain, moved = parts.values()
    assert moved == [[(*rest, pitch + semitones) for *rest, pitch in part] for part in plain]


def test_drums_are_not_transposed(corpus, tmp_path):
    (corpus / "band.xml").write_text(BAND % (bar(), bar()))
    pitches = {}
    for name in ("band.xml", "band.xml#transpose=5"):
        music21.convert(name, tmp_path / "out.mid")
        notes = notes_of(read(tmp_path / "out.mid"))
        pitches[name] = [notes.pitch[notes.is_drum == drums].tolist() for drums in (False, True)]
    assert pitches["band.xml"] == [[60, 62, 64, 65]] * 2
    assert pitches["band.xml#transpose=5"] == [[65, 67, 69, 70], [60, 62, 64, 65]]


def test_a_transposition_out_of_range_is_refused(corpus, tmp_path):
    (corpus / "high.xml").write_text((SCORE % bar()).replace("<octave>4", "<octave>9"))
    with pytest.raises(PieceError, match="transposed by 11 semitones it leaves the range of MIDI"):
        music21.convert("high.xml#transpose=11", tmp_path / "out.mid")


def test_players_are_told_by_their_playing_and_not_by_what_they_play(tmp_path):
    letter = played(tmp_path, TUNE)
    parts = {player: played(tmp_path, f"{TUNE}&player={player}") for player in PLAYERS}
    for player, part in parts.items():
        assert part.program == PLAYERS[player].program
        assert [note.pitch for note in part.notes] == [note.pitch for note in letter.notes]
        assert part.get_end_time() * PLAYERS[player].tempo == pytest.approx(letter.get_end_time(), rel=0.03)
    onsets = {player: tuple(note.start for note in part.notes) for player, part in parts.items()}
    assert len(set(onsets.values())) == len(PLAYERS)


def test_a_transposed_performance_is_the_same_performance(tmp_path):
    here, there = (played(tmp_path, f"{TUNE}{more}&player=anna") for more in ("", "&transpose=4"))
    assert [(n.start, n.end, n.velocity, n.pitch + 4) for n in here.notes] == [
        (n.start, n.end, n.velocity, n.pitch) for n in there.notes
    ]


def test_a_player_accents_the_bars_of_the_score_after_its_pickup(corpus, tmp_path, monkeypatch):
    (corpus / "two.abc").write_text(TWO.replace("K:C", "Q:1/4=60\nK:C"))
    metres = []
    plain = music21.perform
    monkeypatch.setattr(music21, "perform", lambda *all_: metres.append(all_[1]) or plain(*all_))
    music21.convert("two.abc#tune=2&player=clara", tmp_path / "out.mid")
    music21.convert("two.abc#tune=1&player=clara", tmp_path / "out.mid")
    waltz, common = metres  # a quarter lasts a second
    assert waltz.beat_s[waltz.weight == 1].tolist() == [1, 4, 7]
    assert waltz.beat_s.tolist() == list(range(9))
    assert (waltz.bar_s, common.bar_s) == (3, 4)
    assert common.weight_at(np.array([0.0, 0.5, 2.0, 4.0])).tolist() == [1, 0, 0.5, 1]


def test_a_performance_begins_with_its_first_note(tmp_path):
    assert min(note.start for note in played(tmp_path, f"{TUNE}&player=bert").notes) == pytest.approx(
        LEAD_S, abs=1e-3
    )


def test_a_split_bar_s_time_signature_can_be_converted(tmp_path):
    # music21's ABC reader adds one signature to two bars of this tune, and its writer then fails.
    name = "ryansMammoth/42dHighlandRegimentStrathspey.abc"
    notes = played(tmp_path, name).notes
    assert [(note.start, note.pitch) for note in notes[:4]] == [  # e|(c<A)A
        (0, 76),
        (0.25, 72),
        (0.375, 69),
        (0.75, 69),
    ]


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
    assert [group for group, splits in places.items() if len(splits) > 1] == []
    assert [label for label, of_label in roles.items() if len(of_label) > 1] == []
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
