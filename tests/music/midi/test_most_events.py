"""Files of more events than are heard are refused, before they fill the memory."""

import pytest

from earmark.foundation.errors import PieceError
from earmark.music.midi import smf
from earmark.music.midi.smf import parse, read


def midi(*tracks):
    """A file of tracks of so many notes; each note has two events of three bytes, by running status."""
    chunks = []
    for notes in tracks:
        body = b"\x00\x90\x3c\x50" + b"\x01\x3c\x00" + b"\x01\x3c\x50\x01\x3c\x00" * (notes - 1)
        body += b"\x00\xff\x2f\x00"
        chunks.append(b"MTrk" + len(body).to_bytes(4, "big") + body)
    return b"MThd\x00\x00\x00\x06\x00\x01" + len(tracks).to_bytes(2, "big") + b"\x01\xe0" + b"".join(chunks)


@pytest.mark.parametrize("tracks", [(500,), (250, 250), (499, 1)])
def test_as_many_as_allowed_are_read_and_one_more_is_not(tracks):
    assert len(parse(midi(*tracks), 1_000)) == 1_000
    with pytest.raises(PieceError, match=r"more events than are heard: raise midi\.max_events"):
        parse(midi(*tracks), 999)


def test_the_rest_of_a_track_is_not_read():
    with pytest.raises(PieceError, match="more events"):
        parse(midi(1_000_000), 1_000)


def test_a_file_of_more_bytes_than_music_has_is_not_read(tmp_path):
    file = tmp_path / "large.mid"
    with file.open("wb") as handle:
        handle.write(midi(4))
        handle.truncate(smf.MOST_BYTES + 1)
    with pytest.raises(PieceError, match="MIDI file of 64 MB: up to 64 MB are read"):
        read(file)
