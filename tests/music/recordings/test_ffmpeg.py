"""Recordings decoded by FFmpeg, with small programs in its place."""

import os

import pytest

from earmark.foundation.errors import PieceError
from earmark.music.recordings import ffmpeg
from earmark.music.recordings.ffmpeg import decode_with_ffmpeg

COPY = 'for last; do :; done\nwhile [ "$1" != -i ]; do shift; done\ncp -- "${2#file:}" "$last"'


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a shell script in ffmpeg's place."""

    def write(script, mode=0o755):
        program = tmp_path / "bin" / "ffmpeg"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(mode)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return write


@pytest.fixture
def music(tmp_path):
    (tmp_path / "a.m4a").write_bytes(b"music")
    return tmp_path / "a.m4a"


def test_the_file_goes_in_and_the_wav_comes_out(install, music, tmp_path):
    install(COPY)
    decode_with_ffmpeg(music, tmp_path / "out.wav")
    assert (tmp_path / "out.wav").read_bytes() == b"music"


def test_a_name_that_begins_with_a_hyphen_is_no_option(install, tmp_path, monkeypatch):
    install('printf "%s\\n" "$@" > arguments\n' + COPY)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-y.m4a").write_bytes(b"music")
    decode_with_ffmpeg((tmp_path / "-y.m4a").relative_to(tmp_path), tmp_path / "out.wav")
    arguments = (tmp_path / "arguments").read_text().split("\n")
    assert "file:-y.m4a" in arguments
    assert arguments[arguments.index("-protocol_whitelist") + 1] == "file"


def test_without_ffmpeg_the_message_says_what_to_install(music, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PieceError, match=r"^MP4 needs a decoder that is not here: install ffmpeg, or conv"):
        decode_with_ffmpeg(music, tmp_path / "out.wav", name="MP4")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            "echo first >&2; echo 'moov atom not found' >&2; exit 1",
            "^cannot be read as audio: moov atom not f",
        ),
        ("exit 1", "^cannot be read as audio: ffmpeg gives no reason$"),
        ("exit 0", "^cannot be read as audio: ffmpeg gives no reason$"),  # and no file
    ],
)
def test_ffmpeg_s_last_line_is_the_reason(install, music, tmp_path, script, reason):
    install(script)
    with pytest.raises(PieceError, match=reason):
        decode_with_ffmpeg(music, tmp_path / "out.wav")


def test_an_ffmpeg_that_does_not_end_is_stopped(install, music, tmp_path, monkeypatch):
    monkeypatch.setattr(ffmpeg, "TIMEOUT_S", 0.1)
    install("exec sleep 60")
    with pytest.raises(PieceError, match=r"^ffmpeg failed: .*timed out after 0\.1 seconds"):
        decode_with_ffmpeg(music, tmp_path / "out.wav")


def test_an_ffmpeg_that_does_not_start_is_named(install, music, tmp_path, monkeypatch):
    install("")
    (tmp_path / "bin" / "ffmpeg").write_bytes(b"\x00no program")
    with pytest.raises(PieceError, match=r"^ffmpeg failed: "):
        decode_with_ffmpeg(music, tmp_path / "out.wav")
