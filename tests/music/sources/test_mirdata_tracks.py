"""Data sets that mirdata knows, built of files made here, with an index in mirdata's own form."""

import hashlib
import json
import warnings

import pytest
import soundfile

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.mirdata_tracks import read_mirdata

RATE_HZ = 22_050
mirdata = pytest.importorskip("mirdata")


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries that mirdata brings
        yield


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Write an index where mirdata looks for the one that it would have downloaded."""

    def write(tracks, **more):
        file = tmp_path / "index.json"
        file.write_text(json.dumps({"version": "1.0", "tracks": tracks, **more}))
        monkeypatch.setattr("mirdata.core.Index.get_path", lambda self: str(file))

    return write


def digest(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.fixture
def gtzan(tmp_path, tone, index):
    """Two genres of three tracks each, of which one file is missing."""
    home, tracks = tmp_path / "gtzan", {}
    for genre in ("blues", "hiphop"):
        for number in range(3):
            name = f"gtzan_genre/genres/{genre}/{genre}.{number:05d}.wav"
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(home / name, tone(220 + 20 * number, RATE_HZ), RATE_HZ)
            identity = f"{genre}.{number:05d}"
            paths = {"audio": [name, digest(home / name)], "beats": [None, None], "tempo": [None, None]}
            tracks[identity] = paths
    (home / "gtzan_genre/genres/blues/blues.00002.wav").unlink()
    index(tracks)
    return home


def test_genres_of_a_data_set(gtzan):
    origins, attribute = read_mirdata("gtzan_genre", gtzan)
    assert attribute == "genre"
    assert [(origin.label, bool(origin.fault)) for origin in origins] == [
        *(("blues", False), ("blues", False), ("blues", True)),
        *(("hip-hop", False), ("hip-hop", False), ("hip-hop", False)),
    ]
    assert origins[0].file == gtzan / "gtzan_genre/genres/blues/blues.00000.wav"
    assert origins[0].name == str(origins[0].file)
    assert len({origin.group for origin in origins}) == 6
    assert "No such file" in origins[2].fault


def test_composers_and_titles_of_a_data_set_with_metadata_and_midi(tmp_path, index):
    """MAESTRO: the work is the piece, which several people play; MIDI where the sound is not there."""
    rows = [
        ("Bach", "Fugue", "2004/a"),
        ("Bach", "Fugue", "2006/b"),
        ("Haydn", "Sonata", "2004/c"),
    ]
    home = tmp_path / "maestro"
    metadata, tracks = [], {}
    for composer, title, name in rows:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / f"{name}.midi").write_bytes(b"MThd")
        tracks[name] = {"midi": [f"{name}.midi", "0"], "audio": [f"{name}.wav", "0"]}
        metadata.append(
            {
                "canonical_composer": composer,
                "canonical_title": title,
                "split": "train",
                "year": 2004,
                "midi_filename": f"{name}.midi",
                "audio_filename": f"{name}.wav",
                "duration": 1.0,
            }
        )
    (home / "maestro-v2.0.0.json").write_text(json.dumps(metadata))
    index(tracks, metadata={"maestro-v2.0.0": ["maestro-v2.0.0.json", "0"]})
    origins, attribute = read_mirdata("maestro", home)
    assert attribute == "canonical_composer"
    assert [(one.label, one.group, one.title, one.fault) for one in origins] == [
        ("Bach", "Bach/Fugue", "Fugue", ""),
        ("Bach", "Bach/Fugue", "Fugue", ""),
        ("Haydn", "Haydn/Sonata", "Sonata", ""),
    ]
    assert origins[0].file == home / "2004/a.midi"
    assert read_mirdata("maestro", home, "year")[0][0].label == "2004"


def test_what_cannot_be_is_one_line(gtzan, tmp_path, monkeypatch):
    for name, home, field, message in (
        ("none", gtzan, "", "mirdata knows no data set none"),
        ("gtzan_genre", tmp_path / "lost", "", "is no folder: --data-home DIR"),
        ("gtzan_genre", gtzan, "mood", "have no mood: --label-from ATTRIBUTE, of .*genre"),
    ):
        with pytest.raises(EarmarkError, match=message):
            read_mirdata(name, home, field)
    monkeypatch.setattr("mirdata.core.Index.get_path", lambda self: str(tmp_path / "no index"))
    with pytest.raises(EarmarkError, match=r"list of gtzan_genre is not there yet: python -c .*download"):
        read_mirdata("gtzan_genre", gtzan)


def test_what_is_no_label_is_left_out(gtzan):
    origins, _ = read_mirdata("gtzan_genre", gtzan, "beats_path")
    assert {origin.fault for origin in origins if origin.file.exists()} == {"it has no beats_path"}
