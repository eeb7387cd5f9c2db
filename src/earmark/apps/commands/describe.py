"""`earmark describe`: numbers and pictures of single files."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.errors import describe as in_one_line
from earmark.foundation.words import csv_lines, file_stem, in_utf8, printable

if TYPE_CHECKING:
    from earmark.identify.describe.views import Views


def describe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="MIDI files or recordings.")],
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the numbers as a table, too.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option("--pictures", metavar="DIR", help="Write pictures into this folder.")
    ] = None,
) -> None:
    r"""Describe music: timbre, loudness, tempo, key.

    Every file is brought to 22,050 Hz, one channel, so that numbers compare; MIDI is played with its
    own instruments and tempo. Tempo may be half or twice of what is tapped. The key is a guess by the
    strength of the pitch classes: earmark identify --model key hears notes, and is right more often.
    Two files stand side by side in one picture with equal axes.

    \b
    earmark describe song.mp3
    earmark describe guitar.wav techno.mp3 --pictures compared
    earmark describe ~/Music/*.mid --csv music.csv
    """
    described: list[dict[str, Any]] = []
    drawn: list[tuple[Path, Views]] = []
    for file in files:
        try:
            row, views = _described(file.expanduser(), draw=pictures is not None)
        except (EarmarkError, OSError) as error:
            print(f"earmark: error: {printable(file)}: {in_one_line(error)}", file=sys.stderr)
            continue
        described.append({"path": in_utf8(str(file)), **row})
        if views is not None:
            drawn.append((file, views))
        _show(str(file), row)
    try:
        if csv is not None and described:
            _write_csv(described, csv.expanduser())
        if pictures is not None:
            _draw(drawn, pictures.expanduser())
    except OSError as error:
        raise EarmarkError(f"cannot write: {in_one_line(error)}") from error
    if len(described) < len(files):
        raise typer.Exit(1)


def _described(file: Path, draw: bool) -> tuple[dict[str, Any], Views | None]:
    """The numbers of a file, and its views where they are to be drawn."""
    from earmark.identify.describe.numbers import describe_file
    from earmark.identify.describe.sound import write_sound
    from earmark.identify.describe.views import Views
    from earmark.music.recordings.passages import Passages

    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        wav = Path(folder) / "sound.wav"
        if unheard := write_sound(file, wav):
            print(f"earmark: warning: {printable(str(file))}: {printable(unheard)}", file=sys.stderr)
        row = describe_file(wav)
        if not draw:
            return row, None
        passages = Passages.of(wav)
        first = next(iter(passages))
        if not first.is_last:
            shown = (
                f"the picture shows the first {first.end_s / 60:g} of {passages.duration_s / 60:.0f} minutes"
            )
            print(f"earmark: warning: {printable(str(file))}: {shown}", file=sys.stderr)
        return row, Views.of(file.name, first.waveform, passages.rate_hz)


def _show(title: str, row: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=False)
    table = Table("", "mean", "deviation", title=Text(printable(title)), title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    tempo = "none" if row["tempo_bpm"] is None else f"{row['tempo_bpm']:.1f} a minute"
    key = f"{row['key']} (correlation {row['key_correlation']:.2f})" if row["key"] else "none"
    table.add_row("duration", f"{row['duration_s']:.1f} s", "")
    table.add_row("tempo", tempo, "")
    table.add_row("key", key, "", end_section=True)
    for name in row:
        if name.endswith("_mean"):
            name = name.removesuffix("_mean")
            table.add_row(name, f"{row[f'{name}_mean']:.4g}", f"{row[f'{name}_sd']:.4g}")
    console.print(table)


def _write_csv(rows: list[dict[str, Any]], path: Path) -> None:
    write_text(path, "".join(csv_lines([list(rows[0]), *(row.values() for row in rows)])))
    print(f"{len(rows)} files in {printable(path)}")


def _draw(drawn: list[tuple[Path, Views]], folder: Path) -> None:
    """Two sounds in one picture, any other number each in its own."""
    from earmark.identify.describe.views import views_picture

    if len(drawn) == 2:
        groups = [(file_stem("-".join(file.stem for file, _ in drawn)), [views for _, views in drawn])]
    else:
        groups = [(file.stem, [views]) for file, views in drawn]
    taken: set[str] = set()
    for stem, views in groups:
        name, number = stem, 1
        while name in taken:  # a.mid and a.wav, or one name in two folders
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        views_picture(views, folder / f"{name}.png")
        print(f"picture: {printable(folder / name)}.png")
