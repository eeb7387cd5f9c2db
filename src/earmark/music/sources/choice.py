"""The source of pieces that `data/source` states, and how `earmark use` writes it.

    a text file that says `default`   the experiment's own corpus, data/corpora/<data.corpus>.csv
    a link to a folder                DIR/<label>/**/<music file>
    a folder with catalog.csv, files  a link to somebody's CSV, and links to all the files it lists;
                                      columns.json where it calls its columns otherwise

DVC hashes `data/source` through these links, so that an added, changed or removed file is noticed by
the next `dvc repro`. (It does not follow links to folders inside a folder: hence links to files.)
What it cannot hash in a folder is kept from it by `data/.dvcignore`, see `ignored`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.music.sources.csv_cells import OWN_COLUMNS, Columns
from earmark.music.sources.csv_table import read_csv
from earmark.music.sources.folder import read_folder
from earmark.music.sources.ignored import ignore_file, write_ignored
from earmark.music.sources.origin import Origin

DEFAULT_TEXT = """\
default
# What to learn from. `earmark use DIR` or `earmark use FILE.csv` puts a link in this file's place,
# `earmark use default` brings it back.
"""
CSV_LINK, COLUMNS_FILE = "catalog.csv", "columns.json"
Check = Callable[[list[Origin]], None]


def read_source(source: Path, corpora: Path, corpus: str) -> list[Origin]:
    """List the pieces to learn from.

    Args:
        source: `data/source`, in one of the three forms above.
        corpora: Folder of the experiments' own corpora.
        corpus: Name of the experiment's corpus, for `default`.

    Raises:
        EarmarkError: The source is missing or leads nowhere, or lists nothing to learn from.
    """
    if source.is_symlink() and not source.exists():
        raise EarmarkError(f"{source} points to {os.readlink(source)}, which is gone: earmark use PATH")
    if source.is_file():
        csv = corpora / f"{corpus}.csv"
        if not csv.is_file():
            raise EarmarkError(f"there is no corpus {corpus}: {csv} is missing; set data.corpus")
        return read_csv(csv)
    if not source.is_symlink() and (source / CSV_LINK).is_symlink():
        csv = Path(os.path.realpath(source / CSV_LINK))
        if not csv.is_file():
            raise EarmarkError(f"{csv}, which {source} points to, is gone: earmark use PATH")
        origins = read_csv(csv, _columns(source))
        _link_files(source, csv, origins)
        return origins
    if source.is_dir():
        return read_folder(source)
    raise EarmarkError(f"{source} is missing: earmark use default")


def use_default(source: Path) -> None:
    """Make the experiment's own corpus the source."""
    _clear(source)
    write_text(source, DEFAULT_TEXT)


def use_folder(source: Path, folder: Path, check: Check = lambda _: None) -> list[Origin]:
    """Make a folder of music the source.

    Args:
        source: `data/source`, to be replaced.
        folder: The folder, with a subfolder for each label.
        check: Raises EarmarkError where its pieces will not do; then nothing is replaced.

    Returns:
        The pieces in it.

    Raises:
        EarmarkError: There is no music in it, or `source` holds files that are no links.
    """
    origins = read_folder(folder)
    check(origins)
    folder = folder.resolve()  # before the old link is removed, through which the path may lead
    _clear(source)
    source.parent.mkdir(parents=True, exist_ok=True)
    source.symlink_to(folder, target_is_directory=True)
    write_ignored(source, folder)
    return origins


def use_csv(
    source: Path, csv: Path, check: Check = lambda _: None, columns: Columns = OWN_COLUMNS
) -> list[Origin]:
    """Make a CSV the source.

    Args:
        source: `data/source`, to be replaced.
        csv: The CSV, as `csv_table` describes it.
        check: Raises EarmarkError where its pieces will not do; then nothing is replaced.
        columns: What it calls path, label and group.

    Returns:
        The pieces that it lists.

    Raises:
        EarmarkError: The CSV is faulty, or `source` holds files that are no links.
    """
    origins = read_csv(csv, columns)
    check(origins)
    csv = csv.resolve()
    _clear(source)
    source.mkdir(parents=True)
    (source / CSV_LINK).symlink_to(csv)
    if columns != OWN_COLUMNS:
        write_text(source / COLUMNS_FILE, f"{json.dumps(asdict(columns))}\n")
    _link_files(source, csv, origins)
    return origins


def _columns(source: Path) -> Columns:
    """What the CSV calls its columns. Raises EarmarkError where that file is damaged."""
    file = source / COLUMNS_FILE
    try:
        return Columns(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else OWN_COLUMNS
    except (OSError, ValueError, TypeError) as error:
        raise EarmarkError(f"{file} is damaged: earmark use FILE.csv, as before, writes it anew") from error


def _clear(source: Path) -> None:
    """Remove the link, or the links, that `earmark use` made."""
    ignored = ignore_file(source)
    if source.is_symlink() or source.is_file():
        source.unlink()
    elif source.is_dir():
        _refuse_real_files(source, COLUMNS_FILE)
        shutil.rmtree(source)
    ignored.unlink(missing_ok=True)


def _refuse_real_files(folder: Path, but: str = "") -> None:
    """Refuse a folder that holds files besides links: earmark made only the links, and removes only them."""
    found = sorted(path for path in folder.rglob("*") if not path.is_symlink() and not path.is_dir())
    files = [path for path in found if path != folder / but]
    if files:
        raise EarmarkError(f"{files[0]} is not a link that earmark made: move it elsewhere first")


def _link_files(source: Path, csv: Path, origins: list[Origin]) -> None:
    """Make `source/files` hold one link for each file that the CSV lists."""
    wanted = {
        f"{index:07d}{Path(origin.name).suffix}": origin.file.absolute()
        for index, origin in enumerate(origins)
        if origin.file is not None and not origin.fault
    }
    folder = source / "files"
    folder.mkdir(exist_ok=True)
    _refuse_real_files(folder)
    for path in folder.iterdir():
        if path.name not in wanted or os.readlink(path) != str(wanted[path.name]):
            path.unlink()
    for name, file in wanted.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(file)
