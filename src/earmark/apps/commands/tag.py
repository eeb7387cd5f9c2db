"""`earmark tag`: fill the missing genre, key, composer and tempo tags of a music library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earmark.apps.commands.model_option import Cache, Strictness, check_strictness

NOTATIONS = ("standard", "camelot", "openkey")  # of `earmark.apps.tags.notation`, which is read later


def tag(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder of music, or one file.")] = "",
    genre: Annotated[str, typer.Option(metavar="BUNDLE", help="The model for genres.")] = "",
    key: Annotated[str, typer.Option(metavar="BUNDLE", help="The model for keys.")] = "",
    composer: Annotated[str, typer.Option(metavar="BUNDLE", help="The model for composers.")] = "",
    bpm: Annotated[
        bool, typer.Option("--bpm/--no-bpm", help="Beats a minute, where a pulse is clear.")
    ] = False,
    genres: Annotated[int, typer.Option(min=1, metavar="N", help="Up to N genres a file.")] = 1,
    key_notation: Annotated[
        str, typer.Option(metavar="|".join(NOTATIONS), help="A minor as Am, 8A or 1m.")
    ] = "standard",
    write: Annotated[bool, typer.Option("--write", help="Write the tags; else only show them.")] = False,
    ask: Annotated[
        bool, typer.Option("--ask/--no-ask", help="Ask for each tag, and write those accepted.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace tags that are there.")] = False,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Log for --undo.", show_default="earmark-tag-DATE-TIME.jsonl"),
    ] = None,
    undo: Annotated[
        Path | None, typer.Option(metavar="LOG", help="Take back what this log says, and nothing else.")
    ] = None,
    strictness: Strictness = "",
    workers: Annotated[int, typer.Option(min=0, help="Processes that listen; 0 for one per core.")] = 0,
    cache: Cache = True,
) -> None:
    r"""Fill missing genre, key, composer and tempo tags: MP3, FLAC, Ogg, Opus, M4A, WAV, AIFF.

    A dry run unless --write or --ask is given: it shows what would change. BUNDLE: a folder or an
    MLflow URI; without it the bundle that comes with earmark. What a model calls unknown stays
    untagged, tags that are there stay, the sound stays bit for bit. Interrupted, the same command
    goes on. Options kept in tag.toml in earmark's configuration folder (~/.config/earmark) need not
    be typed. Exit status: 0 all well, 1 some files failed, 2 wrong usage.

    \b
    earmark tag ~/Music --key --key-notation camelot --bpm
    earmark tag ~/Music --genre models:/genre@champion --genres 3 --ask
    earmark tag ~/Music --genre dances/ --key keys/ --write --log music.jsonl
    earmark tag new.flac --composer models/ --write --overwrite
    earmark tag --undo music.jsonl
    """
    check_strictness(strictness)
    if key_notation not in NOTATIONS:
        raise typer.BadParameter(f"--key-notation {key_notation} is none of {', '.join(NOTATIONS)}")
    models = {
        kind: bundle for kind, bundle in (("genre", genre), ("key", key), ("composer", composer)) if bundle
    }
    if undo is not None:
        if folder or models or bpm or write or ask or overwrite or strictness or log is not None:
            raise typer.BadParameter("--undo LOG stands alone: the log says which files, and what they had")
        from earmark.apps.commands.tag_undo import undo_log

        status = undo_log(undo.expanduser())
    elif not folder:
        raise typer.BadParameter("which music? earmark tag DIR --genre BUNDLE, or earmark tag --undo LOG")
    elif not (models or bpm):
        raise typer.BadParameter("which tags? At least one of --genre, --key, --composer and --bpm")
    elif log is not None and not (write or ask):
        raise typer.BadParameter("--log FILE goes with --write: a dry run has nothing to log")
    else:
        from earmark.apps.commands.tag_run import Job, tag_library
        from earmark.apps.tags.proposal import Spelling

        spelling = Spelling(key_notation, genres)
        job = Job(
            *(folder, models, bpm, spelling, write or ask, ask, overwrite, log, strictness, workers),
            cache=cache,
        )
        status = tag_library(job)
    if status:
        raise typer.Exit(status)
