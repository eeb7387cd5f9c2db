"""Bad and odd files, made here byte by byte: MIDI, sound, names, catalogs, bundles, what stages read.

Each maker fills a folder and gives its files. None is a blob from elsewhere: what is wrong with a file can be
read in its line.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml
from safetensors.numpy import load_file, save_file

BUNDLES = Path(__file__).resolve().parents[1] / "src" / "earmark" / "identify" / "bundles"
END = b"\x00\xff\x2f\x00"


def _header(kind: int = 1, tracks: int = 1, division: int = 480, size: int = 6) -> bytes:
    return b"MThd" + struct.pack(">IHHH", size, kind, tracks, division)


def _track(events: bytes, size: int | None = None) -> bytes:
    return b"MTrk" + struct.pack(">I", len(events) if size is None else size) + events


def tune(seconds: float = 10.0) -> bytes:
    """A good MIDI file: four notes a second, at random on a scale."""
    chance = random.Random(0)
    events = b""
    for _ in range(round(4 * seconds)):
        pitch = 60 + 2 * chance.randrange(8)
        events += bytes([0, 0x90, pitch, 90, 0x81, 0x70, 0x80, pitch, 0])
    return _header() + _track(events + END)


def midi(folder: Path) -> dict[str, Path]:
    """MIDI files that are damaged, empty, endless or silent."""
    good = tune()
    return _written(
        folder,
        ".mid",
        {
            "empty": b"",
            "header_alone": _header(),
            "cut_header": _header()[:9],
            "no_tracks": _header(tracks=0),
            "cut_track": good[: len(good) // 2],
            "no_notes": _header() + _track(END),
            "track_beyond_the_end": _header() + _track(END, size=2**31),
            "many_tracks_stated": _header(tracks=65535) + _track(END),
            "division_0": _header(division=0) + good[14:],
            "smpte": _header(division=0xE728) + good[14:],
            "kind_9": _header(kind=9) + good[14:],
            "long_quantity": _header() + _track(b"\xff\xff\xff\xff\xff\x7f\x90\x40\x40" + END),
            "data_without_status": _header() + _track(b"\x00\x40\x40\x00\x41\x41" + END),
            "endless_sysex": _header() + _track(b"\x00\xf0\xff\xff\xff\x7f" + b"\x01" * 50),
            "last_note_in_years": _header()
            + _track(b"\x00\x90\x40\x40\xff\xff\xff\x7f\x80\x40\x00" * 3 + END),
            "tempo_0": _header() + _track(b"\x00\xff\x51\x03\x00\x00\x00" + good[22:]),
            "drums_alone": _header() + _track(b"\x00\x99\x24\x60\x60\x89\x24\x00" * 40 + END),
            "one_note": _header() + _track(b"\x00\x90\x40\x40\x60\x80\x40\x00" + END),
            "text_in_front": b"Content-Type: audio/midi\r\n\r\n" + good,
            "noise": random.Random(1).randbytes(4000),
            "zeros": bytes(4000),
            "web_page": b"<!DOCTYPE html><html><body>Not found</body></html>",
        },
    )


def sound(folder: Path) -> dict[str, Path]:
    """Recordings that are damaged, silent, short or something else."""
    chance = random.Random(2)
    second = bytes(2 * 8000)
    good = _wav(b"".join(struct.pack("<h", chance.randrange(-9000, 9000)) for _ in range(8000)) * 10)
    return _written(
        folder,
        ".wav",
        {
            "empty": b"",
            "riff_alone": b"RIFF",
            "cut": good[:1000],
            "no_data": good[:44],
            "stated_long": good[:4]
            + struct.pack("<I", 2**32 - 1)
            + good[8:40]
            + b"\xff\xff\xff\xff"
            + good[44:],
            "silent": _wav(second * 10),
            "short": _wav(second[:200]),
            "noise_steady": good,
            "rate_0": good[:24] + bytes(4) + good[28:],
            "rate_4_billion": good[:24] + b"\xff\xff\xff\xff" + good[28:],
            "channels_0": good[:22] + bytes(2) + good[24:],
            "channels_65535": good[:22] + b"\xff\xff" + good[24:],
            "bits_0": good[:34] + bytes(2) + good[36:],
            "not_numbers": _float_wav(struct.pack("<f", float("nan")) * 80_000),
            "infinite": _float_wav(struct.pack("<f", float("inf")) * 80_000),
            "mp3_header_alone": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f",
            "mp3_frames_of_zeros": (b"\xff\xfb\x90\x00" + bytes(413)) * 20,
            "flac_header_alone": b"fLaC\x00\x00\x00\x22" + bytes(34),
            "ogg_page_alone": b"OggS\x00\x02" + bytes(40),
            "mp4_of_boxes": struct.pack(">I", 16) + b"ftypM4A " + bytes(4) + b"\xff\xff\xff\xffmoov",
            "aiff_alone": b"FORM\xff\xff\xff\xffAIFFCOMM",
            "lfs_pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
            "archive": b"PK\x03\x04" + bytes(200),
            "picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
        },
    )


def names(folder: Path) -> dict[str, Path]:
    """Good music and what is no file, under names that terminals and tables take amiss."""
    folder.mkdir(parents=True, exist_ok=True)
    odd = {
        "return": "carriage\rreturn.mid",
        "line": "two\nlines.mid",
        "escape": "\x1b[2J\x1b]0;title\x07.mid",
        "turned": "turned\u202edim.mid",
        "comma": 'quote", "comma.mid',
        "formula": "=1+1.mid",
        "markup": "[red]markup.mid",
        "space": " .mid",
        "dash": "-dash.mid",
        "long": "x" * 251 + ".mid",
        "upper": "UPPER.MID",
        "no_suffix": "tune",
        "hidden": ".hidden.mid",
    }
    files = {}
    for name, text in odd.items():
        (folder / text).write_bytes(tune())
        files[name] = folder / text
    latin = os.fsencode(folder) + b"/latin\xe9.mid"
    try:
        Path(os.fsdecode(latin)).write_bytes(tune())
        files["latin"] = Path(os.fsdecode(latin))
    except OSError:  # a file system that takes UTF-8 alone
        pass
    os.mkfifo(folder / "pipe.mid")
    (folder / "gone.mid").symlink_to("nowhere.mid")
    (folder / "loop.mid").symlink_to("loop.mid")
    (folder / "device.mid").symlink_to("/dev/zero")
    (folder / "folder.mid").mkdir()
    files |= {name: folder / f"{name}.mid" for name in ("pipe", "gone", "loop", "device", "folder")}
    here = os.getcwd()
    try:  # a socket's path may have 107 bytes
        os.chdir(folder)
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind("socket.mid")
    finally:
        os.chdir(here)
    return files | {"socket": folder / "socket.mid"}


def catalogs(folder: Path) -> dict[str, Path]:
    """Tables that name no music, or are none."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tune.mid").write_bytes(tune())
    row = b"tune.mid,Ash,one,\n"
    return _written(
        folder,
        ".csv",
        {
            "empty": b"",
            "header_alone": b"path,label,group,role\n",
            "no_path": b"label,group\nAsh,one\n",
            "twice_path": b"path,path,label\na,b,c\n",
            "short_row": b"path,label,group,role\ntune.mid\n",
            "long_row": b"path,label\n" + row,
            "one_label": b"path,label,group,role\n" + row,
            "missing": b"path,label,group,role\ngone.mid,Ash,one,\nlost.mid,Birch,two,\n",
            "role": b"path,label,group,role\ntune.mid,Ash,one,king\n",
            "latin": b"path,label\ntune.mid,Dvo\xf8\xe1k\n",
            "zeros": bytes(500),
            "open_quote": b'path,label\n"tune.mid,Ash\n' * 3,
            "formula": b"path,label\n=1+1,=2+2\n",
            "above": b"path,label\n../../../etc/passwd,Ash\n",
            "binary": random.Random(3).randbytes(3000),
            "large_cell": b"path,label\n" + b"x" * 200_000 + b",Ash\n",
        },
    )


def bundles(folder: Path) -> dict[str, Path]:
    """Bundles that are spoilt in one way each; `tests/test_hostile_bundles.py` has many more."""

    def spoilt(name: str, spoil: Callable[[Path], object]) -> Path:
        copy = shutil.copytree(BUNDLES / "composer", folder / name)
        spoil(copy)
        return copy

    def setting(section: str, name: str, value: object) -> Callable[[Path], object]:
        def change(copy: Path) -> None:
            content = yaml.safe_load((copy / "bundle.yaml").read_text(encoding="utf-8"))
            content["settings"][section][name] = value
            (copy / "bundle.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")

        return change

    def replaced(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
        def change(copy: Path) -> None:
            (copy / name).unlink()
            make(copy / name)

        return change

    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
    deep = "a: " + "[" * 3000 + "]" * 3000
    ways = {
        "bomb": replaced("bundle.yaml", lambda file: file.write_text(bomb)),
        "deep": replaced("bundle.yaml", lambda file: file.write_text(deep)),
        "zero": replaced("encoder.safetensors", lambda file: file.symlink_to("/dev/zero")),
        "fifo": replaced("references.csv", os.mkfifo),
        "cut": replaced("decision.safetensors", lambda file: file.write_bytes(b"\xff" * 20)),
        "clip": setting("dataset", "clip_s", "ten"),
        "foreign": setting("model", "_target_", "os.system"),
        "rate": setting("audio", "sample_rate", 0),
    }
    return {name: spoilt(name, way) for name, way in ways.items()}


Damage = Callable[[Path], object]
"""What spoils one file of a run's folder."""


def damaged_features() -> dict[str, Damage]:
    """Ways to spoil the features of a piece: one .npy file."""

    def array(make: Callable[[np.ndarray], np.ndarray]) -> Damage:
        return lambda file: np.save(file, make(np.load(file)))

    def value(number: float) -> Damage:
        def put(features: np.ndarray) -> np.ndarray:
            features[0, 0, features.shape[-1] // 2] = number
            return features

        return array(put)

    return {
        "gone": lambda file: file.unlink(),
        "empty": lambda file: file.write_bytes(b""),
        "header_alone": lambda file: file.write_bytes(file.read_bytes()[:128]),
        "cut": lambda file: file.write_bytes(file.read_bytes()[:-100]),
        "text": lambda file: file.write_text("version https://git-lfs.github.com/spec/v1\n"),
        "zeros": lambda file: file.write_bytes(bytes(5000)),
        "pickle": lambda file: np.save(file, np.array([{}], dtype=object), allow_pickle=True),
        "words": lambda file: np.save(file, np.array([[["a", "b"]]])),
        "number": array(lambda features: features[0, 0, 0]),
        "flat": array(lambda features: features[0]),
        "no_frames": array(lambda features: features[..., :0]),
        "other_bands": array(lambda features: features[:, :5]),
        "not_a_number": value(float("nan")),
        "infinite": value(float("inf")),
    }


def damaged_tables(*columns: str) -> dict[str, Damage]:
    """Ways to spoil a table that a stage reads, whose first column names pieces.

    Args:
        *columns: Those that are needed, each of which is missing in one way.
    """

    def lines(change: Callable[[list[str]], list[str]]) -> Damage:
        return lambda file: file.write_text("".join(change(file.read_text().splitlines(keepends=True))))

    ways: dict[str, Damage] = {
        "gone": lambda file: file.unlink(),
        "empty": lambda file: file.write_bytes(b""),
        "header_alone": lines(lambda rows: rows[:1]),
        "binary": lambda file: file.write_bytes(random.Random(4).randbytes(3000)),
        "zeros": lambda file: file.write_bytes(bytes(3000)),
        "cut_row": lambda file: file.write_text(file.read_text()[:-8]),
        "unknown_piece": lines(lambda rows: [*rows, rows[-1].replace(rows[-1].split(",")[0], "unheard_of")]),
        "path_as_piece": lines(lambda rows: [*rows, rows[-1].replace(rows[-1].split(",")[0], "../../x")]),
    }
    for column in columns:
        ways[f"without_{column}"] = lines(lambda rows, name=column: [rows[0].replace(name, "x"), *rows[1:]])
    return ways


def damaged_records() -> dict[str, Damage]:
    """Ways to spoil a file with a JSON object in each line."""
    return {
        "gone": lambda file: file.unlink(),
        "empty": lambda file: file.write_bytes(b""),
        "cut": lambda file: file.write_text(file.read_text()[:-20]),
        "noise": lambda file: file.write_bytes(random.Random(6).randbytes(3000)),
        "a_piece_less": lambda file: file.write_text("".join(file.read_text().splitlines(keepends=True)[1:])),
    }


def damaged_embeddings() -> dict[str, Damage]:
    """Ways to spoil the file of embeddings between training and evaluation."""

    def tensors(change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]) -> Damage:
        return lambda file: save_file(change(load_file(file)), file)

    def value(number: float) -> Damage:
        def put(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            found["clips"][3] = number
            return found

        return tensors(put)

    return {
        "gone": lambda file: file.unlink(),
        "empty": lambda file: file.write_bytes(b""),
        "cut": lambda file: file.write_bytes(file.read_bytes()[:-40]),
        "noise": lambda file: file.write_bytes(random.Random(5).randbytes(3000)),
        "header_of_petabytes": lambda file: file.write_bytes(b"\xff" * 8 + file.read_bytes()[8:]),
        "no_counts": tensors(lambda found: {"clips": found["clips"], "starts_s": found["starts_s"]}),
        "a_piece_less": tensors(lambda found: {**found, "counts": found["counts"][1:]}),
        "counts_beyond_the_end": tensors(lambda found: {**found, "counts": found["counts"] + 5}),
        "counts_below_0": tensors(lambda found: {**found, "counts": -found["counts"]}),
        "a_clip_less": tensors(lambda found: {**found, "clips": found["clips"][:-1]}),
        "other_width": tensors(lambda found: {**found, "clips": found["clips"][:, :3].copy()}),
        "flat": tensors(lambda found: {**found, "clips": found["clips"].reshape(-1)}),
        "not_a_number": value(float("nan")),
        "infinite": value(float("inf")),
    }


def _written(folder: Path, suffix: str, contents: dict[str, bytes]) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}{suffix}" for name in contents}
    for name, content in contents.items():
        files[name].write_bytes(content)
    return files


def _wav(samples: bytes) -> bytes:
    """A mono WAV of 8 kHz and 16 bits."""
    import io

    file = io.BytesIO()
    with wave.open(file, "wb") as sound_file:
        sound_file.setnchannels(1)
        sound_file.setsampwidth(2)
        sound_file.setframerate(8000)
        sound_file.writeframes(samples)
    return file.getvalue()


def _float_wav(samples: bytes) -> bytes:
    form = struct.pack("<HHIIHH", 3, 1, 8000, 32000, 4, 32)
    data = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(data)) + b"WAVE" + data
