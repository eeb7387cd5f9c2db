"""`earmark enroll`: add a label to a bundle from a few pieces, without training."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.foundation.errors import EarmarkError, PieceError, describe
from earmark.foundation.words import printable
from earmark.music.sources.spelling import spelled

if TYPE_CHECKING:
    from earmark.identify.enroll import EnrolledPiece
    from earmark.identify.identifier import Identifier
    from earmark.identify.inputs import Target

MANY = 4  # files from which on progress is shown


def enroll(
    bundle: Annotated[
        str,
        typer.Argument(metavar="BUNDLE", help="A bundle's folder, a run's folder, or models:/NAME@ALIAS."),
    ],
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Its pieces: files, folders, globs.")],
    label: Annotated[str, typer.Option("--label", "-l", metavar="NAME", help="The new composer or author.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The new bundle; a new or empty folder.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the pieces in the place of a label that is there.")
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Go on without files that cannot be heard.")
    ] = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes that listen; 0 for one per core.")] = 0,
) -> None:
    r"""Add a composer or author to a bundle from a few pieces, without training.

    The prototype is the mean of the pieces' mean embeddings; whitening, temperature and
    threshold stay. The network was never taught to tell the new label from others: three
    pieces are the least that makes sense, and training with them is better. Only for bundles
    that decide by prototypes. BUNDLE itself is never written to; the same pieces give the
    same bytes.

    \b
    earmark enroll models --label Purcell purcell/*.mid --out kept/with-purcell
    earmark identify song.mid --model kept/with-purcell
    earmark enroll kept/with-purcell --label Purcell more/*.flac --out kept/better --replace
    """
    out, label = out.expanduser(), spelled(label)
    with tempfile.TemporaryDirectory(prefix="earmark-") as scratch:
        _enroll(bundle, files, label, out, replace, skip_bad, workers, Path(scratch))


def _enroll(
    bundle: str,
    files: list[str],
    label: str,
    out: Path,
    replacing: bool,
    skip_bad: bool,
    workers: int,
    scratch: Path,
) -> None:
    from earmark.apps.commands.model_option import bundle_folder
    from earmark.identify.enroll import ENOUGH, check_enrolment, enrolled, recognised
    from earmark.identify.identifier import Identifier
    from earmark.identify.inputs import find_targets

    folder = bundle_folder(bundle, scratch)
    _check_out(out, folder)
    identifier = Identifier.load(folder)
    check_enrolment(identifier.bundle, label, replacing)
    pieces, bad = _heard_pieces(identifier, find_targets(files, scratch), workers)
    if bad and not skip_bad:
        raise PieceError(
            f"nothing is written: {bad} of the files cannot be heard; --skip-bad goes on without"
        )
    extended = enrolled(identifier.bundle, label, pieces, replacing)
    if len(pieces) < ENOUGH:
        print(
            f"earmark: warning: {len(pieces)} of at least {ENOUGH} pieces: the prototype is rather theirs "
            f"than {printable(label)}'s",
            file=sys.stderr,
        )
    try:
        extended.save(out)
    except OSError as error:
        raise EarmarkError(f"cannot write {out}: {describe(error)}") from error
    clips = sum(len(piece.clips) for piece in pieces)
    print(
        f"{printable(out)}: {len(extended.labels)} labels, {printable(label)} from {len(pieces)} pieces "
        f"({clips} clips)"
    )
    if len(pieces) > 1:
        known = recognised(identifier.bundle, label, pieces)
        print(
            f"each piece by a prototype of the others: {known} of {len(pieces)} recognised as "
            f"{printable(label)}"
        )


def _heard_pieces(
    identifier: Identifier, targets: list[Target], workers: int
) -> tuple[list[EnrolledPiece], int]:
    """The pieces that can be heard, files of equal bytes once, and the number of files that cannot."""
    from earmark.foundation.progress import track
    from earmark.identify.enroll import EnrolledPiece
    from earmark.identify.listen import hear_all

    files = hear_all(identifier.recipe, targets, workers)
    if len(targets) >= MANY:
        files = track(files, len(targets), "listen", "files", stream=sys.stderr)
    pieces: dict[bytes, EnrolledPiece] = {}
    messages: list[str] = []  # printed after the progress bar, which they would break up
    bad = 0
    for file in files:
        name, path = file.target.name, file.target.file
        if file.features is None:
            messages.append(f"error: {name}: {file.error}")
            bad += 1
            continue
        content = path.read_bytes()
        if content in pieces:
            messages.append(f"warning: {name}: the same file again, counts once")
            continue
        clips, starts_s = identifier.embed(file.features)
        pieces[content] = EnrolledPiece(path.stem, content, clips, starts_s)
    for line in messages:
        print(f"earmark: {printable(line)}", file=sys.stderr)
    return list(pieces.values()), bad


def _check_out(out: Path, source: Path) -> None:
    """Raise EarmarkError where writing would change existing files."""
    if source.resolve() in (out.resolve(), *out.resolve().parents):
        raise EarmarkError(f"--out {out} lies in the bundle itself, which is never written to")
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise EarmarkError(f"--out {out} is not empty: give a new folder")
        above = next(folder for folder in out.absolute().parents if folder.exists())
        if not above.is_dir():
            raise EarmarkError(f"--out {out} is not possible: {above} is a file")
    except OSError as error:
        raise EarmarkError(f"--out {out}: {describe(error)}") from error
