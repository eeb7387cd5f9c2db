"""`earmark use`: choose the music that the pipeline learns from."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import printable

if TYPE_CHECKING:
    from collections import Counter

    from earmark.foundation.workspace import Workspace
    from earmark.music.sources.origin import Origin
    from earmark.music.sources.selection import Selection

MOST_NAMED = 10  # files left out that are printed


def use(
    source: Annotated[str, typer.Argument(metavar="default|DIR|FILE.csv", help="What to learn from.")],
) -> None:
    r"""Choose the music that the next `dvc repro` learns from.

    DIR holds a folder for each label, and in it files of music (docs/formats.md lists them).
    FILE.csv has the columns path and label, and may have group (the work), role (known,
    unknown-calibration, unknown-test), split and title; its paths are relative to it. What cannot be
    read is left out by name. A label needs three works (data.min_works=3 in overrides.yaml leaves out
    those with fewer); otherwise nothing is chosen, and the exit status is 2.

    \b
    earmark use ~/Music/composers
    earmark use catalog.csv
    earmark use default
    """
    from earmark.foundation.workspace import Workspace
    from earmark.music.recordings.formats import format_of_name
    from earmark.music.sources.choice import use_csv, use_default, use_folder
    from earmark.music.sources.folder import others_in

    workspace = Workspace.find()
    if source == "default" and not os.path.exists(source):
        use_default(workspace.source)
        print("The next `dvc repro` learns from the default corpus.")
        return
    path = Path(os.path.expanduser(source))
    if not os.path.exists(path):
        raise EarmarkError(f"{path} does not exist: give a folder, a CSV file, or `default`")
    if path.is_file() and format_of_name(path.name):
        raise EarmarkError(
            f"{path} is one file of music: give a folder DIR with DIR/<label>/<file>, or a CSV"
        )
    selection = _selection(workspace)
    reasons: list[str] = []

    def check(origins: list[Origin]) -> None:
        reasons[:] = selection.reasons(origins)
        if all(reasons):
            first = f"{printable(origins[0].name)}: {reasons[0]}"
            raise EarmarkError(f"not one of the {len(origins)} files can be used, the first: {first}")
        selection.check(origins, reasons)

    origins = (use_folder if os.path.isdir(path) else use_csv)(workspace.source, path, check)
    pairs = list(zip(origins, reasons, strict=True))
    print(_counted([origin for origin, reason in pairs if not reason], selection))
    _print_left_out([(origin.name, reason) for origin, reason in pairs if reason])
    if os.path.isdir(path):
        _print_others(others_in(path))


def _selection(workspace: Workspace) -> Selection:
    """What `conf/` and `overrides.yaml` say about pieces and labels."""
    from earmark.music.sources.labels import Merge
    from earmark.music.sources.selection import Selection
    from earmark.pipeline.settings.config import compose, workspace_overrides

    data = compose(workspace.conf, workspace_overrides(workspace.overrides)).data
    return Selection(Merge.of(data.merge), data.group_pattern, data.min_confidence, data.min_works)


def _print_left_out(pairs: list[tuple[str, str]]) -> None:
    """Print how many files are left out, and the first ones with their reason."""
    if pairs:
        print(f"{len(pairs)} of them left out:", file=sys.stderr)
    for name, reason in pairs[:MOST_NAMED]:
        print(f"  {printable(name)}: {printable(reason)}", file=sys.stderr)
    if len(pairs) > MOST_NAMED:
        print("  … all of them after `dvc repro` in data/quarantine.csv", file=sys.stderr)


def _print_others(kinds: Counter[str]) -> None:
    """Print how many files of a folder are no music that can be used, by kind."""
    if kinds:
        named = ", ".join(f"{number} {printable(kind)}" for kind, number in kinds.most_common(MOST_NAMED))
        more = ", …" if len(kinds) > MOST_NAMED else ""
        print(f"Not used: {named}{more}.", file=sys.stderr)


def _counted(origins: list[Origin], selection: Selection) -> str:
    known = {selection.label(origin) for origin in origins if origin.role == "known"}
    works = {selection.work(origin) for origin in origins}
    unknown = sum(origin.role != "known" for origin in origins)
    strangers = f", {unknown} of them by strangers" if unknown else ""
    return (
        f"The next `dvc repro` learns from {len(origins)} pieces of {len(works)} works{strangers}; "
        f"{len(known)} known labels."
    )
