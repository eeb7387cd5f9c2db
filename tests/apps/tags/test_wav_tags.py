"""WAV and AIFF as programs write them: chunks in any order, sizes never filled in, bytes missing."""

import struct

import pytest
import soundfile

from earmark.apps.tags.tagging import tagging_of
from earmark.apps.tags.wav_tags import chunks_of
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
    monkeypatch.setattr("earmark.apps.tags.wav_tags.LARGEST", len(wav))
    path = write(wav)
    with pytest.raises(PieceError, match="4 GB"):
        tagging_of(path)[1].write(path, {"genre": "jig"})


def test_wave64_has_no_tags(music, tmp_path):
    sound, rate_hz = soundfile.read(music("a.wav"))
    soundfile.write(tmp_path / "b.wav", sound, rate_hz, format="W64")
    assert tagging_of(tmp_path / "b.wav") is None


ROCK = b"ID3\4\0\0\0\0\0\x0fTCON\0\0\0\5\0\0\0Rock"
NEVER_FILLED = {
    "header of an empty file": lambda wav: (36, 0),
    "only the data is zero": lambda wav: (len(wav) - 8, 0),
    "only the data is unknown": lambda wav: (len(wav) - 8, 0xFFFFFFFF),
    "only the whole is zero": lambda wav: (0, len(wav) - 44),
    "arecord": lambda wav: (0x80000024, 0x80000000),
    "nearly 4 GB": lambda wav: (0xFFFFFFF0, 0xFFFFFFCC),
    "data 0 in an unknown whole": lambda wav: (0xFFFFFFFF, 0),
}


@pytest.mark.parametrize("case", NEVER_FILLED)
def test_sizes_never_filled_in_leave_the_sound_after_its_head(wav, write, fill, case):
    _, after = fill(write(sized(wav, *NEVER_FILLED[case](wav))))
    place = after.index(b"data") if NEVER_FILLED[case](wav)[1] != len(wav) - 44 else wav.index(b"data")
    assert after[place + 8 : place + 8 + len(wav) - 44] == wav[44:]
    if place != wav.index(b"data"):
        assert after.endswith(wav[36:40] + after[place + 4 : place + 8] + wav[44:])


def test_sound_of_no_length_with_chunks_behind_it_is_one(wav, write):
    empty = riff(wav[12:36], chunk(b"data", b""), BEXT, ODD)
    _, chunks = chunks_of(write(empty).read_bytes())
    assert [part.name for part in chunks] == [b"fmt ", b"data", b"bext", b"LIST"]


@pytest.mark.parametrize(
    "slack", [b"SLACK DATA", b"odd", bytes(3), TAG], ids=["text", "odd", "zeros", "a second tag"]
)
@pytest.mark.parametrize("name", [b"id3 ", b"ID3 "])
def test_what_follows_the_tag_in_its_chunk_stays(wav, write, fill, slack, name):
    _, after = fill(write(riff(wav[12:], chunk(name, TAG + slack), BEXT)))
    _, chunks = chunks_of(after)
    (tag,) = (part for part in chunks if part.is_id3)
    assert after[tag.start : tag.end].endswith(slack)
    assert after[tag.next :] == BEXT
    assert struct.unpack("<I", after[4:8])[0] == len(after) - 8


def test_a_second_tag_in_a_chunk_counts(wav, write, fill):
    had, after = fill(write(riff(wav[12:], chunk(b"id3 ", TAG + ROCK))))
    assert had == {"genre": ["Rock"]}
    assert ROCK in after


def test_a_chunk_for_tags_that_holds_something_else_stays(wav, write, fill):
    other = chunk(b"id3 ", b"something else")
    _, after = fill(write(riff(wav[12:], other)))
    assert after[12 : len(wav) + len(other)] == wav[12:] + other


def test_an_empty_chunk_for_tags_is_filled(wav, write, fill):
    _, after = fill(write(riff(wav[12:], chunk(b"id3 ", b""), BEXT)))
    assert after.count(b"id3 ") == 1
    had, after = fill(write(riff(wav[12:], chunk(b"id3 ", b""), chunk(b"ID3 ", ROCK))))
    assert had == {"genre": ["Rock"]}
    assert chunk(b"id3 ", b"") in after


@pytest.mark.parametrize("entries", [(b"abc", b"L", b"Rock\0"), (b"abcde", b"Lav", b"Rock")])
def test_entries_of_info_without_their_pads_count(wav, write, fill, entries):
    names = (b"INAM", b"ISFT", b"ignr")
    content = b"".join(chunk(name, entry, pad=False) for name, entry in zip(names, entries, strict=True))
    had, _ = fill(write(riff(chunk(b"LIST", b"INFO" + content), wav[12:])))
    assert had == {"genre": ["Rock"]}


def test_info_and_tags_behind_the_whole_count(wav, write, fill):
    info = chunk(b"LIST", b"INFO" + chunk(b"IGNR", b"Rock"))
    v1 = b"TAG" + bytes(124) + bytes([17])
    for behind in (info, ROCK, v1):
        had, after = fill(write(wav + behind))
        assert had == {"genre": ["Rock"]}
        assert after.endswith(behind)


def test_a_tag_in_front_of_the_whole_is_named(wav, write):
    path = write(ROCK + wav)
    form = tagging_of(path)
    with pytest.raises(PieceError, match="an ID3 tag in front"):
        form[1].read(path)


def test_a_tag_that_is_longer_than_its_chunk_is_refused(wav, write):
    long = ROCK[:8] + b"\1\0" + ROCK[10:]
    path = write(riff(wav[12:], chunk(b"id3 ", long), BEXT))
    with pytest.raises(PieceError, match="cut short"):
        tagging_of(path)[1].read(path)
