"""Throw damaged input at everything that reads what others wrote: `make fuzz`.

Each input is a sound one, changed at random by seed. It must be read, or refused by an EarmarkError, within
SLOWEST_S of processor time; anything else is a fault, and is kept with its bytes.

    python tests/fuzz.py --inputs 100000      so many inputs
    python tests/fuzz.py --seconds 60         as many as there is time for, as in CI
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from earmark.bundle import Bundle
from earmark.foundation.errors import EarmarkError
from earmark.identify.locate import BOX, BUNDLE_FILE
from earmark.music.midi.notes import notes_of
from earmark.music.midi.smf import parse
from earmark.music.recordings.audio import Format, blocks_of, resampled
from earmark.music.recordings.expected import expected
from earmark.music.recordings.formats import LIBSNDFILE, format_of
from earmark.music.sources.csv_table import read_csv
from earmark.pipeline.settings.config import override_key, refuse_without_key, workspace_overrides
from earmark.pipeline.settings.quoting import typed_override
from earmark.store.digest import digest_file

SLOWEST_S = 5.0
STUCK_S = 30.0  # of processor time, after which an input is given up
Reader = Callable[[bytes, Path], None]
# Bytes that mean something to a parser, put in the place of others.
TELLING = [
    *(
        b"\x00",
        b"\xff",
        b"\x7f",
        b"\x80",
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        b"\x80\x00\x00\x00",
        b"\x00" * 8,
    ),
    *(
        b"MTrk",
        b"MThd",
        b"\xff\x2f\x00",
        b"\xff\x51\x03",
        b"\xf0",
        b"\xf7",
        b"RIFF",
        b"OggS",
        b"fLaC",
        b"ID3",
    ),
    *(
        b'"',
        b",",
        b";",
        b"\t",
        b"\r",
        b"\n",
        b"\\",
        b"..",
        b"/",
        b"nan",
        b"inf",
        b"-1",
        b"1e999",
        b"{",
        b"}",
        b"[",
    ),
    *(
        b"]",
        b"&a ",
        b"*a ",
        b"!!python/object ",
        b": ",
        b"'",
        b"=",
        b"+",
        b"~",
        b"${x}",
        b"\xef\xbb\xbf",
        b"\xe9",
    ),
]


def mutated(data: bytes, draw: random.Random) -> bytes:
    """A few changes: bytes replaced, cut out, doubled, moved, or put in; sometimes the end is missing."""
    content = bytearray(data)
    for _ in range(1 + int(draw.expovariate(0.4))):
        at = draw.randrange(len(content) + 1)
        kind = draw.randrange(6)
        if kind == 0 and content:
            content[at % len(content)] ^= 1 << draw.randrange(8)
        elif kind == 1 and content:
            content[at % len(content)] = draw.randrange(256)
        elif kind == 2:
            content[at : at + draw.randrange(1, 9)] = draw.choice(TELLING)
        elif kind == 3:
            content[at:at] = draw.choice(TELLING)
        elif kind == 4:
            del content[at : at + draw.choice((1, 2, 4, 16, 256))]
        else:
            end = at + draw.choice((1, 4, 16, 64))
            content[at:at] = content[at:end] * draw.choice((1, 2, 50))
    if draw.random() < 0.1:
        del content[draw.randrange(len(content) + 1) :]
    return bytes(content)


def midi_seeds() -> list[bytes]:
    """Small files: one track, several, format 2, SMPTE time, messages to instruments."""
    end = b"\x00\xff\x2f\x00"
    notes = b"".join(bytes((10, 0x90, 60 + k, 80, 60, 60 + k, 0)) for k in range(12))
    meta = b"\x00\xff\x51\x03\x07\xa1\x20\x00\xff\x58\x04\x06\x03\x18\x08"  # tempo, metre
    meta += b"\x00\xf0\x05\x7e\x7f\x09\x01\xf7\x00\xff\x21\x01\x01"  # a reset, a port
    control = b"\x00\xc0\x28\x00\xb0\x07\x64\x00\xe0\x00\x40\x00\xd0\x20"
    control += b"\x00\xa0\x3c\x20\x00\x99\x26\x50\x20\x89\x26\x40"

    def file(kind: int, division: bytes, *tracks: bytes) -> bytes:
        chunks = b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)
        return b"MThd\x00\x00\x00\x06" + bytes((0, kind, 0, len(tracks))) + division + chunks

    plain = file(0, b"\x01\xe0", meta + notes + end)
    several = file(1, b"\x00\x60", meta + end, control + notes + end, notes + end)
    return [
        plain,
        several,
        file(2, b"\x01\xe0", notes + end, control + notes + end),
        file(1, b"\xe7\x28", control + notes + end),
        b"RIFF"
        + (len(plain) + 12).to_bytes(4, "little")
        + b"RMIDdata"
        + len(plain).to_bytes(4, "little")
        + plain,
    ]


def audio_seeds() -> list[bytes]:
    """A fifth of a second in each format that libsndfile writes."""
    sound = 0.3 * np.sin(np.arange(4_410) * 0.1)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for form, subtype in (
            *(("WAV", "PCM_16"), ("WAV", "FLOAT"), ("RF64", "PCM_24"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")),
            *(
                ("OGG", "OPUS"),
                ("MP3", "MPEG_LAYER_III"),
                ("AIFF", "PCM_16"),
                ("AU", "ULAW"),
                ("CAF", "ALAC_16"),
            ),
            *(("W64", "PCM_16"), ("WAV", "IMA_ADPCM")),
        ):
            file = Path(folder) / f"a.{form.lower()}"
            rate_hz = 48_000 if subtype == "OPUS" else 22_050
            soundfile.write(file, np.stack([sound, -sound], 1), rate_hz, format=form, subtype=subtype)
            found.append(file.read_bytes())
    return found


CATALOGS = [
    "path,label,group,role,split,title,label_confidence\na.mid,Ash,op. 1,known,train,A,0.5\n"
    "b.mid,,,unknown-test,,,1\nmusic21:bach/bwv1.6.mxl,Bach,,,,,\n",
    'path;label\r\n"a;b.mid";Ash\r\nc\u00e9.mid;\u00c9lan\r\n',
    "label\tpath\nAsh\t%2e%2e/a%20b.mid\n",
]
OVERRIDES = [
    "overrides: [experiment=composer, trainer.seed=2, 'data.labels=[a,b]', '+x.y={a: 1}', ~model]\n",
    "# nothing\noverrides:\n  - features.n_mels=40\n  - 'data.merge={classical: [concerto]}'\n",
]
ROWS = [
    {"name": "a.mid", "content_base64": base64.b64encode(midi_seeds()[0]).decode(), "path": None},
    {"name": "\u00e9/../a.wav", "content_base64": "", "path": "/etc/passwd"},
]


def read_midi(data: bytes, _: Path) -> None:
    """As the stages do."""
    notes_of(parse(data)).fingerprint()


def read_audio(data: bytes, folder: Path) -> None:
    """As `decode` does, without FFmpeg: one process for each of 10^5 files would measure the system."""
    file = folder / "sound"
    file.write_bytes(data)
    form = format_of(file)
    if form and form.media == "midi":
        return read_midi(data, folder)
    expected(file, form) if not form or form.library == LIBSNDFILE else None
    rate_hz, blocks = blocks_of(file, 5.0)
    if 4_000 <= rate_hz <= 768_000:
        sum(len(block) for block in resampled(blocks, rate_hz, Format(22_050, 1)))


def read_catalog(data: bytes, folder: Path) -> None:
    """As `earmark use FILE.csv` does."""
    file = folder / "catalog.csv"
    file.write_bytes(data)
    read_csv(file)


def read_overrides(data: bytes, folder: Path) -> None:
    """As every stage does, and what `config_error` says of each of them."""
    file = folder / "overrides.yaml"
    file.write_bytes(data)
    listed = workspace_overrides(file)
    refuse_without_key(listed)
    for item in listed:
        override_key(item)
        typed_override(item)


def read_row(data: bytes, folder: Path) -> None:
    """As the server does, up to the file that a row brings."""
    from earmark.experiments.registry.identifying_model import _file, _text

    try:
        row = json.loads(data)
    except (ValueError, RecursionError):
        return  # MLflow's own answer
    if isinstance(row, dict):
        name = _text(row.get("name"))
        (folder / "row").mkdir(exist_ok=True)
        _file(row, name, folder / "row")


BUNDLE = BOX / "key"
MEMBERS = sorted(file.name for file in BUNDLE.iterdir() if file.suffix in (".yaml", ".safetensors", ".csv"))


def bundle_seeds() -> list[bytes]:
    """The beginning of each member: its header, where it has one."""
    return [bytes([number]) + (BUNDLE / name).read_bytes() for number, name in enumerate(MEMBERS)]


def read_bundle(data: bytes, folder: Path) -> None:
    """A bundle with one member changed and signed anew; the first byte says which."""
    copy = folder / "bundle"
    if not copy.is_dir():
        shutil.copytree(BUNDLE, copy)
    if not data:
        return
    member = MEMBERS[data[0] % len(MEMBERS)]
    (copy / member).write_bytes(data[1:])
    description = copy / BUNDLE_FILE
    if member != BUNDLE_FILE:  # signed anew, so that more than its digest is looked at
        text = (BUNDLE / BUNDLE_FILE).read_text(encoding="utf-8")
        text = text.replace(digest_file(BUNDLE / member), digest_file(copy / member))
        description.write_text(text, encoding="utf-8")
    try:
        Bundle.load(copy)
    finally:
        for name in (member, BUNDLE_FILE):
            shutil.copyfile(BUNDLE / name, copy / name)


TARGETS: dict[str, tuple[Reader, Callable[[], list[bytes]], int]] = {  # and how often each is drawn
    "midi": (read_midi, midi_seeds, 40),
    "audio": (read_audio, audio_seeds, 30),
    "catalog": (read_catalog, lambda: [text.encode() for text in CATALOGS], 10),
    "overrides": (read_overrides, lambda: [text.encode() for text in OVERRIDES], 8),
    "rows": (read_row, lambda: [json.dumps(row).encode() for row in ROWS], 8),
    "bundle": (read_bundle, bundle_seeds, 4),
}


def _stuck(*_: object) -> None:
    raise TimeoutError(f"no end after {STUCK_S:g} s of processor time")


def main() -> int:
    """Run; the exit status is 1 where there is a fault."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--inputs", type=int, default=0)
    arguments.add_argument("--seconds", type=float, default=0.0)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument(
        "--keep", type=Path, default=Path("fuzz-faults"), help="folder for inputs that fail"
    )
    asked = arguments.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, _stuck)
    draw = random.Random(asked.seed)
    seeds = {name: seeds() for name, (_, seeds, _) in TARGETS.items()}
    names, weights = list(TARGETS), [weight for _, _, weight in TARGETS.values()]
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    slowest, started, begun_mb = 0.0, time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="earmark-fuzz-") as place:
        while (not asked.inputs or counts.total() < asked.inputs) and (
            not asked.seconds or time.monotonic() - started < asked.seconds
        ):
            name = draw.choices(names, weights)[0]
            data = mutated(draw.choice(seeds[name]), draw)
            counts[name] += 1
            before = time.process_time()
            fault = ""
            signal.setitimer(signal.ITIMER_PROF, STUCK_S)
            try:
                TARGETS[name][0](data, Path(place))
            except EarmarkError as error:
                refused[name] += 1
                fault = "several lines" if "\n" in str(error) else ""
            except Exception as error:
                fault = f"{type(error).__name__}: {error}"[:100]
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            took_s = time.process_time() - before
            slowest = max(slowest, took_s)
            if took_s > SLOWEST_S:
                fault = fault or f"{took_s:.0f} s"
            if fault:
                faults[f"{name}: {fault}"] += 1
                asked.keep.mkdir(exist_ok=True)
                (asked.keep / f"{name}-{counts.total()}").write_bytes(data)
            if counts.total() % 10_000 == 0:
                print(f"{counts.total():,} inputs, {faults.total()} faults", file=sys.stderr, flush=True)
            if counts.total() == 2_000:
                begun_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    grown_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 - begun_mb
    for name in names:
        print(f"{name:10}{counts[name]:8} inputs, {refused[name]:8} refused in one line")
    print(
        f"{counts.total()} inputs, seed {asked.seed}, {time.process_time():.0f} s of processor time: "
        f"{faults.total()} faults, slowest {slowest:.2f} s, memory grew by {grown_mb} MB after the first 2000"
    )
    for fault, count in faults.most_common(20):
        print(f"FAULT {count} x {fault}", file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
