"""`earmark use`: choose the music that the pipeline learns from."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import printable

if TYPE_CHECKING:
    from earmark.foundation.workspace import Workspace
    from earmark.music.sources.choice import Check
    from earmark.music.sources.origin import Origin
    from earmark.music.sources.selection import Selection

MOST_NAMED = 10  # files left out that are printed
MIRDATA = "mirdata:"
LISTING = "chosen.csv"  # beside data/source: what was made of tags, or of a data set


def use(
    source: Annotated[
        str, typer.Argument(metavar="default|DIR|FILE.csv|mirdata:NAME", help="What to learn from.")
    ],
    label_from: Annotated[
        str,
        typer.Option(metavar="genre|composer|artist", help="Labels from tags; of mirdata any attribute."),
    ] = "",
    path_column: Annotated[
        str, typer.Option(metavar="NAME", help="The column of files of a CSV.", show_default="path")
    ] = "",
    label_column: Annotated[
        str, typer.Option(metavar="NAME", help="The column of labels.", show_default="label")
    ] = "",
    work_column: Annotated[
        str, typer.Option(metavar="NAME", help="The column of works.", show_default="group, if there is one")
    ] = "",
    data_home: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where a mirdata data set lies.", show_default="~/mir_datasets"),
    ] = None,
) -> None:
    r"""Choose the music that the next `dvc repro` learns from.

    DIR holds a folder for each label, and in it files of music (docs/formats.md lists them); with
    --label-from the files lie anyhow, and their tags say the label.
    FILE.csv has the columns path and label, whatever parts them, and may have group (the work), role
    (known, unknown-calibration, unknown-test), split and title; its paths are relative to it. What
    cannot be read is left out by name. A label needs three works (data.min_works=3 in overrides.yaml
    leaves out those with fewer); otherwise nothing is chosen, and the exit status is 2.

    \b
    earmark use ~/Music/composers
    earmark use ~/Music --label-from genre
    earmark use list.csv --path-column File --label-column Class --work-column Opus
    earmark use mirdata:gtzan_genre --data-home ~/gtzan
    earmark use default
    """
    from earmark.foundation.workspace import Workspace
    from earmark.music.sources.choice import use_default
    from earmark.music.sources.folder import others_in

    workspace = Workspace.find()
    columns = (path_column, label_column, work_column)
    path = Path(os.path.expanduser(source))
    if source == "default" and not os.path.exists(source):
        if label_from or any(columns) or data_home:
            raise typer.BadParameter("the default corpus has its own labels: give no options with it")
        use_default(workspace.source)
        print("The next `dvc repro` learns from the default corpus.")
        return
    is_mirdata = source.startswith(MIRDATA) and not os.path.exists(path)
    if data_home and not is_mirdata:
        raise typer.BadParameter("--data-home DIR goes with mirdata:NAME")
    if any(columns) and (is_mirdata or os.path.isdir(path)):
        raise typer.BadParameter("--path-column, --label-column and --work-column go with FILE.csv")
    selection = _selection(workspace)
    reasons: list[str] = []

    def check(origins: list[Origin]) -> None:
        reasons[:] = selection.reasons(origins)
        if all(reasons):
            first = f"{printable(origins[0].name)}: {reasons[0]}"
            raise EarmarkError(f"not one of the {len(origins)} files can be used, the first: {first}")
        selection.check(origins, reasons)

    if is_mirdata:
        origins = _from_mirdata(workspace, source.removeprefix(MIRDATA), data_home, label_from, check)
    else:
        origins = _from_files(workspace, path, label_from, columns, check)
    pairs = list(zip(origins, reasons, strict=True))
    print(_counted([origin for origin, reason in pairs if not reason], selection))
    _print_left_out([(origin.name, reason) for origin, reason in pairs if reason])
    if len(origins) - reasons.count("") > MOST_NAMED and not (is_mirdata or label_from):
        print("  … all of them after `dvc repro` in data/quarantine.csv", file=sys.stderr)
    if os.path.isdir(path) and not label_from:
        _print_others(others_in(path))


def _from_files(
    workspace: Workspace, path: Path, label_from: str, columns: tuple[str, str, str], check: Check
) -> list[Origin]:
    """Choose a folder or a CSV."""
    from earmark.music.recordings.formats import format_of_name
    from earmark.music.sources.choice import use_csv, use_folder
    from earmark.music.sources.csv_cells import Columns
    from earmark.music.sources.tagged import FIELDS, read_tagged

    if not os.path.exists(path):
        raise EarmarkError(f"{path} does not exist: give a folder, a CSV file, mirdata:NAME or `default`")
    if path.is_file() and format_of_name(path.name):
        raise EarmarkError(
            f"{path} is one file of music: give a folder DIR with DIR/<label>/<file>, or a CSV"
        )
    if os.path.isdir(path):
        if not label_from:
            return use_folder(workspace.source, path, check)
        if label_from not in FIELDS:
            raise typer.BadParameter(f"--label-from {label_from} is none of {', '.join(FIELDS)}")
        return _listed(workspace, read_tagged(path, label_from, _with_progress), check)
    if label_from:
        raise typer.BadParameter("--label-from goes with DIR or mirdata:NAME: of a CSV say --label-column")
    named = Columns(columns[0] or "path", columns[1] or "label", columns[2])
    return use_csv(workspace.source, path, check, named)


def _from_mirdata(
    workspace: Workspace, name: str, data_home: Path | None, label_from: str, check: Check
) -> list[Origin]:
    """Choose a data set that mirdata knows."""
    from earmark.music.sources.mirdata_tracks import read_mirdata

    origins, attribute = read_mirdata(name, data_home and data_home.expanduser(), label_from)
    if not label_from:
        said = f"Labels are the {attribute} of tracks: --label-from ATTRIBUTE chooses another."
        print(said, file=sys.stderr)
    return _listed(workspace, origins, check)


def _listed(workspace: Workspace, origins: list[Origin], check: Check) -> list[Origin]:
    """Choose pieces by a CSV that is made of them, once they have passed the check."""
    from earmark.music.sources.choice import use_csv
    from earmark.music.sources.listing import write_listing

    check(origins)
    listing = workspace.source.with_name(LISTING)
    write_listing(listing, origins)
    use_csv(workspace.source, listing)
    print(f"Their labels are in {printable(listing)}: edit them there; use again for new files.")
    return origins


def _with_progress(files: list[Path]) -> Iterable[Path]:
    from earmark.foundation.progress import track

    return track(files, len(files), "read tags", "files", stream=sys.stderr)


def _selection(workspace: Workspace) -> Selection:
    """What `conf/` and `overrides.yaml` say about pieces and labels."""
    from earmark.music.sources.labels import Merge
    from earmark.music.sources.selection import Selection
    from earmark.pipeline.settings.config import compose, workspace_overrides

    data = compose(workspace.conf, workspace_overrides(workspace.overrides)).data
    return Selection(Merge.of(data.merge), data.group_pattern, data.min_confidence, data.min_works)


def _print_left_out(pairs: list[tuple[str, str]]) -> None:
    """Print how many files are left out, and why; of many the reasons, and a few of them."""
    many = len(pairs) > MOST_NAMED
    if pairs:
        print(f"{len(pairs)} of them left out:", file=sys.stderr)
    if many:
        reasons = Counter(reason for _, reason in pairs)
        for reason, number in reasons.most_common(MOST_NAMED):
            print(f"  {number} × {printable(reason)}", file=sys.stderr)
        print("among them", file=sys.stderr)
    for name, reason in pairs[: MOST_NAMED if not many else MOST_NAMED // 2]:
        print(f"  {printable(name)}: {printable(reason)}", file=sys.stderr)


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
