"""`earmark cache`: list the store, remove what is not needed, find what is damaged."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.apps.store_report import print_contents, print_damage, print_heard, print_removal, size_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import json_text, printable
from earmark.foundation.workspace import Workspace

if TYPE_CHECKING:
    from earmark.store import Store

UNITS_S = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}

app = typer.Typer(
    no_args_is_help=True,
    help="""Look after the store, where everything computed per piece is kept, and after what was heard.

    The store is that of the checkout (store.path, or EARMARK_STORE), or --store DIR.

    What identify and tag have heard lies in ~/.cache/earmark, or in EARMARK_KEPT, and takes 256 MB at most.

    \b
    earmark cache ls                   # number and size by kind
    earmark cache gc --older-than 30d  # what would go; --write removes it
    earmark cache gc --heard --write   # hear every file anew
    earmark cache verify               # hash all, remove what is damaged
    """,
)

Place = Annotated[str, typer.Option("--store", metavar="DIR", help="A store other than the checkout's.")]


def ls(
    store: Place = "",
    as_json: Annotated[bool, typer.Option("--json", help="An object, for programs.")] = False,
) -> None:
    r"""Show number and size of entries by kind, and what killed writers left.

    `linked`: entries that data/, runs/ or DVC's cache share; removing them
    would free nothing.

    \b
    earmark cache ls
    earmark cache ls --store /mnt/store --json
    """
    from earmark.store.inventory.scan import Entry, Leftover, scan

    heard = _heard()
    try:
        place = _store(store)
    except (EarmarkError, ModuleNotFoundError):  # outside of a checkout there may be none
        if store or heard is None:
            raise
        print_heard(heard, as_json)
        return
    entries, sizes, linked, rest = Counter(), Counter(), Counter(), Counter()
    for file in scan(place.root):
        if isinstance(file, Entry):
            entries[file.kind] += 1
            sizes[file.kind] += file.size
            linked[file.kind] += file.links > 1
        else:
            state = "leftovers" if isinstance(file, Leftover) else "being_written"
            rest[state, "files"] += 1
            rest[state, "bytes"] += file.size
    kinds = {
        kind: {"entries": entries[kind], "bytes": sizes[kind], "linked": linked[kind]} for kind in entries
    }
    contents = {
        "store": str(place.root),
        "kinds": kinds,
        "entries": entries.total(),
        "bytes": sizes.total(),
        **{
            state: {unit: rest[state, unit] for unit in ("files", "bytes")}
            for state in ("leftovers", "being_written")
        },
        "heard": heard,
    }
    if as_json:
        print(json_text(contents))
    else:
        print_contents(contents)


def _heard() -> dict[str, Any] | None:
    """What `identify` and `tag` have kept; None where they keep nothing."""
    from earmark.identify.kept import Kept

    kept = Kept.of_user()
    if kept is None:
        return None
    sizes = [size for _, size, _ in kept.entries()]
    return {"folder": str(kept.root), "files": len(sizes), "bytes": sum(sizes)}


def _gc_heard(before: float | None, write: bool) -> None:
    """Remove what was heard: all, or what was not asked for since `before`."""
    from earmark.identify.kept import Kept

    kept = Kept.of_user()
    if kept is None:
        raise EarmarkError("EARMARK_KEPT is empty: nothing that is heard is kept")
    before = time.time() + 1 if before is None else before
    if write:
        files, freed = kept.trim(before)
        print(f"Removed from {kept.root}: {files:,} files, {size_text(freed)}.")
        return
    old = [size for _, size, asked in kept.entries() if asked < before]
    hint = ": --write does it" if old else ""
    print(f"Dry run: {len(old):,} files, {size_text(sum(old))} to remove from {kept.root}{hint}.")


def gc(
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Entries not asked for since: 30d, 12h, 2w.")
    ] = "",
    unreferenced: Annotated[
        bool, typer.Option("--unreferenced", help="Entries that dvc.lock, data/ and runs/ do not refer to.")
    ] = False,
    heard: Annotated[
        bool, typer.Option("--heard", help="Not of the store, but of what identify and tag have heard.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Remove them; else only show them.")] = False,
    store: Place = "",
) -> None:
    r"""Remove what killed writers left, and with a rule entries nobody needs.

    A dry run unless --write is given; with two rules an entry must fulfil both.
    Kept in any case: what is being written, and what data/, runs/ or DVC's
    cache share, which would free nothing (remove runs and `dvc gc -w` first).
    An entry is asked for whenever a stage wants it; disks note that once a day.
    What was removed is computed anew when it is needed.

    \b
    earmark cache gc                         # leftovers only
    earmark cache gc --older-than 30d
    earmark cache gc --unreferenced --write
    """
    if heard:
        if unreferenced or store:
            raise typer.BadParameter("--heard goes with --older-than and --write alone")
        _gc_heard(time.time() - _age_s(older_than) if older_than else None, write)
        return
    from earmark.foundation.progress import track
    from earmark.pipeline.references import References
    from earmark.store.inventory.collect import Rule, reasons_to_keep
    from earmark.store.inventory.scan import Entry, remove, scan

    age_s = _age_s(older_than) if older_than else None
    place = _store(store)
    rule = Rule(
        before=None if age_s is None else time.time() - age_s,
        references=References.of(Workspace.find().project) if unreferenced else None,
    )
    gone: dict[str, Counter] = {}
    kept: Counter = Counter()
    freed = 0
    with place.alone() if write and rule.takes_entries else nullcontext():
        files = list(scan(place.root))
        reasons = reasons_to_keep(files, rule)
        if unreferenced:  # files are read, which takes time
            reasons = track(reasons, len(files), "gc", "files")
        for file, reason in reasons:
            row = gone.setdefault(file.kind, Counter())
            if reason:
                kept[reason] += 1
                row["kept"] += isinstance(file, Entry)
            elif not write or remove(file):
                row["entries" if isinstance(file, Entry) else "leftovers"] += 1
                row["bytes"] += file.size
                freed += file.size
    print_removal(place, gone, kept, freed, write)


def verify(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what is damaged.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Threads that read; 0 for one per core.")] = 0,
    store: Place = "",
) -> None:
    r"""Hash every entry, and remove the damaged ones, to be computed anew.

    Day by day an entry is trusted whose size and time of change are as they
    were; this finds what was changed in spite of that. Exit status: 0 all
    sound, 1 some damaged, 2 wrong usage.

    \b
    earmark cache verify
    earmark cache verify --dry-run
    """
    from earmark.foundation.progress import track
    from earmark.store.inventory.scan import Entry, scan
    from earmark.store.inventory.verify import heal
    from earmark.store.inventory.verify import verify as verified

    place = _store(store)
    entries = [file for file in scan(place.root) if isinstance(file, Entry)]
    damaged, shared = 0, set()
    for entry, reason in track(verified(entries, workers), len(entries), "verify", "entries"):
        if reason:
            damaged += 1
            print(f"earmark: error: {printable(entry.path)}: {reason}", file=sys.stderr)
            if entry.links > 1:
                status = entry.path.stat()
                shared.add((status.st_dev, status.st_ino))
            if not dry_run:
                heal(entry)
    if damaged:
        print_damage(damaged, dry_run, shared)
        raise typer.Exit(1)
    print(f"All {len(entries):,} entries of {printable(place.root)} are sound.")


def _store(place: str) -> Store:
    """The store that is meant. Raises EarmarkError where none is named, or it does not exist."""
    import os

    from earmark.store import Store
    from earmark.store.local import VARIABLE

    if place:
        store = Store(Path(place).expanduser().resolve())
    elif os.environ.get(VARIABLE):
        store = Store.of("", "", Path.cwd())
    else:
        from earmark.pipeline.settings.config import compose, workspace_overrides

        workspace = Workspace.find()
        settings = compose(workspace.conf, workspace_overrides(workspace.overrides)).store
        store = Store.of(settings.path, settings.url, workspace.project)
    if not store.root.is_dir():
        raise EarmarkError(
            f"{store.root} is not there: nothing has been computed yet, or --store is mistyped"
        )
    return store


def _age_s(text: str) -> float:
    """An age such as `30d`, in seconds. Raises BadParameter for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", text.strip())
    if match is None:
        raise typer.BadParameter(f"{text} is no age: a number and m, h, d or w, for example 30d")
    return float(match[1]) * UNITS_S[match[2]]
