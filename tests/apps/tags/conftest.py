"""Music files of every format that has tags, with and without some."""

import struct

import pytest

from earmark.apps.tags.log import Log, read_log
from earmark.apps.tags.rewrite import read_tags, take_back, write_tags
from earmark.apps.tags.tag_kinds import listed

RATE_HZ = 22_050
# Names, and how soundfile writes them; a name with no settings goes by its suffix.
SOUNDS = {
    "a.mp3": {},
    "a.flac": {},
    "a.ogg": {"format": "OGG", "subtype": "VORBIS"},
    "a.opus": {"format": "OGG", "subtype": "OPUS"},
    "a.wav": {},
    "a.aiff": {},
}
NAMES = [*SOUNDS, "a.m4a"]


def atom(name, *content):
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), name) + body


def mp4(media=bytes(range(256)) * 8):
    """A movie with one track of sound whose two chunks lie in mdat, which follows moov."""

    def movie(first):
        places = struct.pack(">3I", 0, 2, first) + struct.pack(">I", first + len(media) // 2)
        stbl = atom(b"stbl", atom(b"stco", places))
        hdlr = atom(b"hdlr", bytes(8), b"soun", bytes(13))
        mdhd = atom(b"mdhd", struct.pack(">6I", 0, 0, 0, 44_100, 441_000, 0))
        return atom(b"moov", atom(b"trak", atom(b"mdia", mdhd, hdlr, atom(b"minf", stbl))))

    head = atom(b"ftyp", b"M4A \0\0\0\0M4A ")
    first = len(head) + len(movie(0)) + 8
    return head + movie(first) + atom(b"mdat", media)


@pytest.fixture
def music(tmp_path, tone, write_sound):
    """A maker of a music file by its name: one second of a tone, no tags."""

    def make(name, hz=440):
        if name.endswith(".m4a"):
            (tmp_path / name).write_bytes(mp4())
            return tmp_path / name
        rate_hz = 48_000 if name.endswith(".opus") else RATE_HZ
        settings = SOUNDS[f"a.{name.rpartition('.')[2]}"]
        return write_sound(tone(hz, rate_hz), rate_hz, name=name, **settings)

    return make


@pytest.fixture(params=NAMES)
def plain(request, music):
    """A file without tags, in turn of every format."""
    return music(request.param)


NEW = {"genre": "jig", "key": "F#m", "composer": "Antonín Dvořák", "bpm": "128"}


@pytest.fixture
def fill(tmp_path):
    """Write the kinds of NEW that a file lacks, and take them back: what it had, and its bytes with tags."""

    def written(path, new=None):
        before = path.read_bytes()
        had = read_tags(path)
        new = {kind: value for kind, value in (new or NEW).items() if kind not in had}
        log = tmp_path / "logs" / f"{path.name}.jsonl"
        log.parent.mkdir(exist_ok=True)
        log.unlink(missing_ok=True)
        if new:
            write_tags(path, new, dict.fromkeys(new, "0"), Log(log))
            has = {kind: list(dict.fromkeys(values)) for kind, values in read_tags(path).items()}
            assert has == {**had, **{kind: listed(value) for kind, value in new.items()}}
        after = path.read_bytes()
        for entry in read_log(log)[0] if new else []:
            assert take_back(entry)
        assert path.read_bytes() == before
        return had, after

    return written
