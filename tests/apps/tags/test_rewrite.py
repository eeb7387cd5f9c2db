"""A file is tagged whole or not at all, its sound stays, and undo gives back every byte."""

import os
from dataclasses import replace
from functools import partial

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2

from earmark.apps.tags import rewrite
from earmark.apps.tags.audio_digest import audio_digest
from earmark.apps.tags.delta import delta
from earmark.apps.tags.log import Log, read_log
from earmark.apps.tags.mpeg_tags import MpegTagging
from earmark.apps.tags.rewrite import read_tags, take_back, write_tags
from earmark.apps.tags.tag_kinds import listed
from earmark.apps.tags.tagging import tagging_of
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.store import digest_file

NEW = {"genre": ["jig", "dance"], "key": "Am", "composer": "Dvořák", "bpm": "128"}
BUNDLES = {"genre": "1" * 64, "key": "2" * 64, "composer": "3" * 64, "bpm": "tempo"}
COVER = np.random.default_rng(0).bytes(200_000)


@pytest.fixture
def log(tmp_path):
    (tmp_path / "logs").mkdir()
    return Log(tmp_path / "logs" / "log.jsonl")


@pytest.fixture
def tagged(log):
    return partial(write_tags, bundles=BUNDLES, log=log)


def samples(path):
    return None if path.suffix == ".m4a" else soundfile.read(path)[0]  # libsndfile reads no MP4


def sound_bytes(path):
    """Audio frames by hand, where the format has them in one piece."""
    data = path.read_bytes()
    if path.suffix == ".mp3":
        size = sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True)) + 10
        return data[size if data[:3] == b"ID3" else 0 :]
    if path.suffix == ".flac":
        return data[data.index(b"\xff\xf8") :]  # the first frame begins with fourteen set bits
    if path.suffix in (".ogg", ".opus"):
        return data[data.rindex(b"OggS") :]  # the last page
    if path.suffix == ".m4a":
        return data[data.index(b"mdat") :][: 4 + 2048]
    mark = b"data" if path.suffix == ".wav" else b"SSND"
    place = data.index(mark)
    size = int.from_bytes(data[place + 4 : place + 8], "little" if path.suffix == ".wav" else "big")
    return data[place : place + 8 + size]


def test_the_sound_is_the_same_before_after_and_after_undo(plain, tagged, log):
    whole, heard, sound = plain.read_bytes(), samples(plain), sound_bytes(plain)
    tagged(plain, NEW)
    assert read_tags(plain) == {kind: listed(value) for kind, value in NEW.items()}
    assert sound_bytes(plain) == sound
    assert np.array_equal(samples(plain), heard)
    [entry], _ = read_log(log.path)
    assert take_back(entry)
    assert plain.read_bytes() == whole  # tags, headers, padding: all that was
    assert np.array_equal(samples(plain), heard)


def test_undo_twice_is_harmless(plain, tagged, log):
    tagged(plain, NEW)
    [entry], _ = read_log(log.path)
    assert take_back(entry)
    before = plain.stat()
    assert not take_back(entry)
    assert (plain.stat().st_ino, plain.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_two_runs_are_taken_back_one_after_the_other(plain, tagged, log):
    whole = plain.read_bytes()
    tagged(plain, {"genre": "jig"})
    tagged(plain, {"key": "Am", "genre": "reel"})
    first, second = read_log(log.path)[0]
    with pytest.raises(PieceError, match="has changed since it was tagged: left alone"):
        take_back(first)
    assert take_back(second)
    assert read_tags(plain) == {"genre": ["jig"]}
    assert take_back(first)
    assert plain.read_bytes() == whole


def test_covers_survive_and_do_not_swell_the_log(music, tagged, log):
    mp3, flac = music("a.mp3"), music("a.flac")
    tags = ID3()
    tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=COVER))
    tags.add(TIT2(encoding=0, text=["Title"]))
    tags.save(mp3, padding=lambda info: 0)
    file, picture = FLAC(flac), Picture()
    picture.data = COVER
    file.add_picture(picture)
    file.save(padding=lambda info: 0)
    for path in (mp3, flac):
        whole = path.read_bytes()
        tagged(path, {**NEW, "composer": "a name that moves everything " * 99})
        entry = read_log(log.path)[0][-1]
        assert len(str(entry.restore)) < 2000
        assert COVER in path.read_bytes()
        assert take_back(entry)
        assert path.read_bytes() == whole


def test_ogg_whose_pages_are_all_numbered_anew(tagged, log, write_sound):
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 200_000)
    path = write_sound(noise, 48_000, name="a.ogg", format="OGG", subtype="VORBIS")
    whole, heard = path.read_bytes(), samples(path)
    tagged(path, {"composer": "x" * 200_000})
    assert np.array_equal(samples(path), heard)
    [entry], _ = read_log(log.path)
    assert len(str(entry.restore)) < len(whole) / 20
    assert take_back(entry)
    assert path.read_bytes() == whole


def test_the_log_says_what_was_and_what_is(music, tagged, log):
    path = music("a.flac")
    file = mutagen.File(path)
    file["genre"] = ["Folk", "World"]
    file.save()
    os.utime(path, ns=(10**18, 10**18))
    before = digest_file(path)
    tagged(path, {"genre": "jig", "key": "Am"})
    [entry], _ = read_log(log.path)
    assert entry.path == str(path)
    assert (entry.sha256_before, entry.sha256_after) == (before, digest_file(path))
    assert entry.old == {"genre": ["Folk", "World"], "key": None}
    assert entry.new == {"genre": "jig", "key": "Am"}
    assert entry.bundles == {"genre": "1" * 64, "key": "2" * 64}
    assert entry.mtime_ns == 10**18


def test_mode_stays_and_time_says_when_it_was_written(music, tagged, log):
    path = music("a.mp3")
    path.chmod(0o640)
    os.utime(path, ns=(10**18, 10**18))
    tagged(path, NEW)
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.stat().st_mtime_ns > 10**18
    take_back(read_log(log.path)[0][0])
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.stat().st_mtime_ns == 10**18


def test_a_link_stays_a_link(music, tagged, tmp_path):
    path, link = music("a.mp3"), tmp_path / "link.mp3"
    link.symlink_to(path)
    tagged(link, NEW)
    assert link.is_symlink()
    assert read_tags(path)["genre"] == NEW["genre"]


def test_it_is_logged_before_it_is_done(music, tagged, log, monkeypatch):
    """Killed between the log and the file: the file is as it was, and undo finds it so."""
    path = music("a.mp3")
    whole = path.read_bytes()

    def killed(*_):
        assert len(read_log(log.path)[0]) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(rewrite.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        tagged(path, NEW)
    monkeypatch.undo()
    assert path.read_bytes() == whole
    assert [file.name for file in path.parent.iterdir() if file.is_file()] == ["a.mp3"]
    assert not take_back(read_log(log.path)[0][0])


ORIGINAL_WRITE = MpegTagging.write


def break_sound(self, path, new):
    ORIGINAL_WRITE(self, path, new)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda self, path, new: None, "the tags would not read as they should"),
        (break_sound, "its sound would not survive"),
        (
            lambda self, path, new: (ID3(path).delete(path), ORIGINAL_WRITE(self, path, new)),
            "its other tags would not survive",
        ),
    ],
)
def test_a_copy_that_is_not_right_does_not_take_the_place(music, tagged, log, monkeypatch, write, message):
    path = music("a.mp3")
    tags = ID3()
    tags.add(TIT2(encoding=0, text=["Title"]))
    tags.save(path)
    whole = path.read_bytes()
    monkeypatch.setattr("earmark.apps.tags.mpeg_tags.MpegTagging.write", write)
    with pytest.raises(PieceError, match=f"not tagged: {message}"):
        tagged(path, NEW)
    assert path.read_bytes() == whole
    assert not log.path.exists()
    assert [file.name for file in path.parent.iterdir() if file.is_file()] == ["a.mp3"]


def test_a_file_that_changes_meanwhile_is_left_alone(music, tagged, monkeypatch):
    path = music("a.mp3")

    def delta_while_somebody_writes(old, new):
        os.utime(path, ns=(1, 1))
        return delta(old, new)

    monkeypatch.setattr(rewrite, "delta", delta_while_somebody_writes)
    with pytest.raises(PieceError, match="has changed while it was being tagged: run again"):
        tagged(path, NEW)
    assert read_tags(path) == {}


def test_write_protected_is_one_line(music, tagged):
    path = music("a.mp3")
    path.chmod(0o444)
    with pytest.raises(PieceError, match=r"is write-protected: chmod u\+w"):
        tagged(path, NEW)
    assert read_tags(path) == {}


def test_a_full_log_ends_it(music, tagged, log):
    path = music("a.mp3")
    log.path.mkdir()
    with pytest.raises(EarmarkError, match="nothing more is tagged") as caught:
        tagged(path, NEW)
    assert not isinstance(caught.value, PieceError)
    assert read_tags(path) == {}


def test_what_is_no_music_is_one_line(plain, tagged):
    plain.write_bytes(plain.read_bytes()[:40])
    whole = plain.read_bytes()
    if plain.suffix == ".mp3":
        tagged(plain, NEW)  # frames of MP3 stand for themselves
        return
    with pytest.raises(PieceError) as caught:
        tagged(plain, NEW)
    assert "\n" not in str(caught.value)
    assert plain.read_bytes() == whole


def test_undo_leaves_alone_what_changed_what_is_gone_and_what_the_log_cannot_restore(music, tagged, log):
    path = music("a.mp3")
    tagged(path, NEW)
    [entry], _ = read_log(log.path)
    for steps in ([[0, 9]], ["!"], [[0, 10**9]]):
        with pytest.raises(PieceError):
            take_back(replace(entry, restore=steps))
    path.write_bytes(path.read_bytes() + b"x")
    whole = path.read_bytes()
    with pytest.raises(PieceError, match="has changed since it was tagged: left alone"):
        take_back(entry)
    assert path.read_bytes() == whole
    path.unlink()
    with pytest.raises(PieceError, match="is no longer there: left alone"):
        take_back(entry)


def test_a_format_without_tags(tmp_path, tagged):
    (tmp_path / "a.mid").write_bytes(b"MThd")
    assert read_tags(tmp_path / "a.mid") is None
    with pytest.raises(PieceError, match="its format has no tags"):
        tagged(tmp_path / "a.mid", NEW)


def test_the_digest_of_the_sound_stays(plain, tagged):
    form, _ = tagging_of(plain)
    before = audio_digest(plain, form)
    tagged(plain, NEW)
    assert audio_digest(plain, form) == before


def test_what_another_tag_says_is_not_written_over(music, tagged):
    path = music("a.mp3")
    from mutagen.apev2 import APEv2

    tags = APEv2()
    tags["Genre"] = "Rock"
    tags.save(path)
    with pytest.raises(PieceError, match=r"^not tagged: another tag in it says the genre is Rock: remove"):
        tagged(path, {"genre": "jig"})
