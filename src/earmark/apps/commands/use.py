"""`earmark use`: choose the music that the pipeline learns from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.foundation.errors import EarmarkError

if TYPE_CHECKING:
    from earmark.music.sources.origin import Origin


def use(
    source: Annotated[str, typer.Argument(metavar="default|DIR|FILE.csv", help="What to learn from.")],
) -> None:
    r"""Choose the music that the next `dvc repro` learns from.

    DIR holds a folder for each label: DIR/<label>/**/*.{mid,midi,wav,flac,ogg,mp3}.
    FILE.csv has the columns path and label, and may have group (the work), role (known,
    unknown-calibration, unknown-test), split and title; its paths are relative to it.

    \b
    earmark use ~/Music/composers
    earmark use catalog.csv
    earmark use default
    """
    from earmark.foundation.workspace import Workspace
    from earmark.music.sources.choice import use_csv, use_default, use_folder

    workspace = Workspace.find()
    if source == "default" and not Path(source).exists():
        use_default(workspace.source)
        print("The next `dvc repro` learns from the default corpus.")
        return
    path = Path(source).expanduser()
    if not path.exists():
        raise EarmarkError(f"{path} does not exist: give a folder, a CSV file, or `default`")
    origins = (use_folder if path.is_dir() else use_csv)(workspace.source, path)
    print(_counted(origins))
    for warning in _too_few(origins):
        print(warning, file=sys.stderr)
    missing = [origin for origin in origins if origin.file is not None and not origin.file.is_file()]
    if missing:
        print(f"{len(missing)} of them are not there, for example {missing[0].file}", file=sys.stderr)


def _too_few(origins: list[Origin]) -> list[str]:
    """Warnings of labels that cannot be learned, before the split fails for them."""
    works: dict[str, set[str]] = {}
    for origin in origins:
        if origin.role == "known":
            works.setdefault(origin.label, set()).add(origin.group)
    few = [f"{label} ({len(names)})" for label, names in sorted(works.items()) if len(names) < 3]
    warnings = [f"too few works, a label needs 3: {', '.join(few[:5])}"] if few else []
    return warnings + (["there must be two known labels or more"] if len(works) < 2 else [])


def _counted(origins: list[Origin]) -> str:
    known = {origin.label for origin in origins if origin.role == "known"}
    works = {origin.group for origin in origins}
    unknown = sum(origin.role != "known" for origin in origins)
    strangers = f", {unknown} of them by strangers" if unknown else ""
    return (
        f"The next `dvc repro` learns from {len(origins)} pieces of {len(works)} works{strangers}; "
        f"{len(known)} known labels."
    )
