"""`earmark transcribe`: the notes of recordings, as MIDI files or a table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from earmark.foundation.errors import EarmarkError
from earmark.foundation.errors import describe as in_one_line
from earmark.foundation.words import printable

NAMED = (".mid", ".midi", ".csv")  # suffixes by which --out is a file


def transcribe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings, or MIDI files.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", help="Write NAME.mid into this folder; of one FILE also a name, song.mid."
        ),
    ] = Path(),
    csv: Annotated[
        bool, typer.Option("--csv", help="Write NAME.csv instead: onset_s, end_s, pitch, confidence.")
    ] = False,
) -> None:
    r"""Write down the notes that are heard in recordings, whatever plays them.

    All notes are written for one instrument, at their times, against a tuning that is measured and printed.
    Drums and voices without pitch are left out. Nothing is overwritten.

    \b
    earmark transcribe song.mp3
    earmark transcribe ~/Music/*.flac --out notes
    """
    from earmark.identify.transcribe import transcribe as notes_of

    out, suffix = out.expanduser(), ".csv" if csv else ".mid"
    is_name = out.suffix.lower() in NAMED and not out.is_dir()
    if is_name and (len(files) > 1 or (out.suffix.lower() == ".csv") != csv):
        raise EarmarkError(
            f"--out {printable(out)} must be a folder, or for one FILE a name that ends in {suffix}"
        )
    failed = 0
    for file in files:
        try:
            destination = out if is_name else out / f"{file.stem}{suffix}"
            if destination.exists():
                raise EarmarkError(f"{destination} exists, and is not written over: choose another --out")
            transcription = notes_of(file.expanduser())
            destination.parent.mkdir(parents=True, exist_ok=True)
            (transcription.write_csv if csv else transcription.write_midi)(destination)
        except (EarmarkError, OSError) as error:
            print(f"earmark: error: {printable(file)}: {in_one_line(error)}", file=sys.stderr)
            failed += 1
            continue
        if transcription.unheard:
            print(f"earmark: warning: {printable(file)}: {printable(transcription.unheard)}", file=sys.stderr)
        print(
            f"{printable(destination)}: {len(transcription.pitch)} notes in "
            f"{transcription.duration_s:.1f} s, tuned {transcription.tuning_cents:+.0f} cents from A = 440 Hz"
        )
    if failed:
        raise typer.Exit(1)
