"""What C libraries print does not reach the terminal; what Python prints afterwards does."""

import os
import subprocess
import sys
import threading

import numpy as np
import soundfile

from earmark.music.recordings.quiet_stderr import quiet_stderr


def damaged_mp3(path):
    """Twelve seconds of a tone, of which the first can be decoded: zeros overwrite the rest."""
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(12 * 22_050) / 22_050)
    soundfile.write(path, tone, 22_050, format="MP3", subtype="MPEG_LAYER_III")
    content = path.read_bytes()
    kept = len(content) // 12
    path.write_bytes(content[:kept] + bytes(len(content) - kept))
    return path


def test_a_block_is_silent_and_what_follows_is_not(capfd):
    with quiet_stderr():
        os.write(2, b"from C")
        with quiet_stderr():
            os.write(2, b"within")
        os.write(2, b"still")
    print("after", file=sys.stderr)
    assert capfd.readouterr().err == "after\n"


def test_standard_error_is_back_after_many_threads_at_once(capfd):
    def run():
        for _ in range(200):
            with quiet_stderr():
                os.write(2, b"x")

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_a_damaged_mp3_is_said_in_one_line_and_libmpg123_says_nothing(tmp_path):
    """In a process of its own, as a command: what is printed is one true line."""
    file = damaged_mp3(tmp_path / "damaged.mp3")
    code = (
        "import sys; from pathlib import Path; from earmark.identify.describe.sound import write_sound; "
        "print(write_sound(Path(sys.argv[1]), Path(sys.argv[2])))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, file, tmp_path / "out.wav"], capture_output=True, text=True, check=False
    )
    assert run.stderr == ""
    assert run.stdout.endswith(" s are heard: the rest is damaged\n")
    assert float(run.stdout.split()[0]) < 2


def test_an_mp3_with_tags_at_both_ends_is_whole(tmp_path):
    import mutagen.apev2
    import mutagen.id3

    from earmark.music.recordings.mpeg_frames import extent

    file = tmp_path / "tagged.mp3"
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * 22_050) / 22_050)
    soundfile.write(file, tone, 22_050, format="MP3", subtype="MPEG_LAYER_III")
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TIT2(encoding=3, text="A tone"))
    tags.save(file, v1=2)
    ape = mutagen.apev2.APEv2()
    ape["Title"] = "A tone" * 2_000
    ape.save(file)
    assert extent(file).lost_s == 0
