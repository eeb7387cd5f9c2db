"""WAV and AIFF as programs write them: chunks in any order, sizes never filled in, bytes missing."""

import struct

import pytest
import soundfile

from earmark.apps.tags.chunks import chunks_of
from earmark.apps.tags.tagging import tagging_of
from earmark.foundation.errors import PieceError


def chunk(name, content, pad=True):
    return name + struct.pack("<I", len(content)) + content + (b"\0" if pad and len(content) % 2 else b"")


def riff(*chunks):
    body = b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


BEXT, CUE = chunk(b"bext", b"d" * 602), chunk(b"cue ", struct.pack("<I", 0))
ODD = chunk(b"LIST", b"INFOISFT\5\0\0\0Lavf1", pad=False)
TAG = b"ID3\3\0\0\0\0\0\x10TIT2\0\0\0\6\0\0\0Title"


def sized(wav, riff_size, data_size):
    changed = bytearray(wav)
    place = changed.index(b"data") + 4
    changed[4:8], changed[place : place + 4] = struct.pack("<I", riff_size), struct.pack("<I", data_size)
    return bytes(changed)


@pytest.fixture
def wav(music):
    """Bytes of a plain WAV."""
    return music("a.wav").read_bytes()


@pytest.fixture
def write(tmp_path):
    def file(content, name="b.wav"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return file


CASES = {
    "bext in front": lambda wav: riff(BEXT, wav[12:]),
    "chunks behind": lambda wav: riff(wav[12:], BEXT, CUE, chunk(b"smpl", bytes(36))),
    "odd without its pad, last": lambda wav: riff(wav[12:], ODD),
    "odd without its pad, first": lambda wav: riff(chunk(b"junk", b"abc", pad=False), wav[12:]),
    "odd with its pad": lambda wav: riff(chunk(b"junk", b"abc"), wav[12:]),
    "streamed": lambda wav: sized(wav, 0xFFFFFFFF, 0xFFFFFFFF),
    "streamed, zeros": lambda wav: sized(wav, 0, 0),
    "size too small": lambda wav: sized(wav, len(wav) - 1008, len(wav) - 44),
    "size too large": lambda wav: sized(wav, len(wav) + 992, len(wav) - 44),
    "cut": lambda wav: wav[: len(wav) * 3 // 4],
    "text behind": lambda wav: wav + b"junk after the end",
    "a tag": lambda wav: riff(wav[12:], chunk(b"id3 ", TAG)),
    "a tag in front": lambda wav: riff(chunk(b"ID3 ", TAG), wav[12:]),
    "two tags": lambda wav: riff(wav[12:], chunk(b"id3 ", TAG), chunk(b"ID3 ", TAG)),
}


@pytest.mark.parametrize("case", CASES)
def test_all_other_chunks_stay_byte_for_byte(wav, write, fill, case):
    path = write(CASES[case](wav))
    before = path.read_bytes()
    had, after = fill(path)
    assert had == {}
    _, chunks = chunks_of(before)
    _, changed = chunks_of(after)
    old = [before[part.start : part.end] for part in chunks if not part.is_id3]
    assert [after[part.start : part.end] for part in changed if not part.is_id3] == old
    assert sum(part.is_id3 for part in changed) == max(1, sum(part.is_id3 for part in chunks))
    size = struct.unpack("<I", after[4:8])[0]
    if case.startswith("streamed"):
        assert after[4:8] == before[4:8]
    elif case not in ("cut", "text behind"):
        assert size == len(after) - 8
    if case == "text behind":
        assert (after[-18:], size) == (b"junk after the end", len(after) - 26)
    if "tag" in case:
        assert after.count(b"Title") == before.count(b"Title")


@pytest.mark.parametrize("case", sorted(set(CASES) - {"odd without its pad, first", "streamed, zeros"}))
def test_the_sound_is_read_as_before(wav, write, fill, case):
    path = write(CASES[case](wav))
    before, rate_hz = soundfile.read(path, dtype="int16")
    _, after = fill(path)
    path.write_bytes(after)
    found, rate = soundfile.read(path, dtype="int16")
    assert (rate, len(found)) == (rate_hz, len(before))
    assert (found == before).all()


def test_info_counts(wav, write, fill):
    info = chunk(
        b"LIST", b"INFO" + chunk(b"INAM", b"Title\0") + chunk(b"IGNR", b"Rock\0") + chunk(b"IMUS", b"Anon\0")
    )
    had, _ = fill(write(riff(wav[12:], info)))
    assert had == {"genre": ["Rock"], "composer": ["Anon"]}


def test_a_second_tag_counts(wav, write, fill):
    rock = b"ID3\4\0\0\0\0\0\x0fTCON\0\0\0\5\0\0\0Rock"
    had, _ = fill(write(riff(wav[12:], chunk(b"id3 ", TAG), chunk(b"ID3 ", rock))))
    assert had == {"genre": ["Rock"]}


def test_rf64_states_its_size_elsewhere(wav, write, fill, music):
    sound, rate_hz = soundfile.read(music("a.wav"))
    path = write(b"", "b.wav")
    soundfile.write(path, sound, rate_hz, format="RF64", subtype="PCM_16")
    _, after = fill(path)
    assert after[:8] == path.read_bytes()[:8]
    assert struct.unpack("<Q", after[20:28])[0] == len(after) - 8


def test_aiff_keeps_its_chunks(music, fill):
    path = music("a.aiff")
    name = b"NAME\0\0\0\5Title\0"
    data = path.read_bytes()
    path.write_bytes(data[:4] + struct.pack(">I", len(data) + len(name) - 8) + data[8:] + name)
    _, after = fill(path)
    assert name in after
    assert struct.unpack(">I", after[4:8])[0] == len(after) - 8


def test_what_is_full_is_refused(wav, write, monkeypatch):
    monkeypatch.setattr("earmark.apps.tags.chunks.LARGEST", len(wav))
    path = write(wav)
    with pytest.raises(PieceError, match="4 GB"):
        tagging_of(path)[1].write(path, {"genre": "jig"})


def test_wave64_has_no_tags(music, tmp_path):
    sound, rate_hz = soundfile.read(music("a.wav"))
    soundfile.write(tmp_path / "b.wav", sound, rate_hz, format="W64")
    assert tagging_of(tmp_path / "b.wav") is None
