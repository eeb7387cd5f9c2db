"""The stage `package` of a project: which code of the installed earmark decides what each stage writes.

The checkout of earmark has the code itself as deps of its stages. A project has `package.yaml`, a digest a
stage, as their params: so a new version of the package reruns the stages whose code it changes, and no other.

python -m earmark.pipeline.project.package    as dvc.yaml of a project has it
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import yaml

from earmark import __version__
from earmark.foundation.atomic import write_text
from earmark.foundation.closure import PACKAGE, closure
from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say
from earmark.foundation.workspace import CATALOGUE
from earmark.pipeline.project.pipeline_file import is_outdated, stages

PACKAGE_FILE = "package.yaml"
HEADER = """\
# Written by `dvc repro`: digests of that code of the installed earmark which decides what a stage writes.
# A stage runs again when its own changes.
"""
FURTHER = {
    "compose": [PACKAGE / "pipeline" / "settings", CATALOGUE / "conf"],
    "ingest": [CATALOGUE / "corpora"],
}
"""What a stage reads of the package besides the modules that it imports."""
READ = {".py", ".yaml", ".csv"}


def digests() -> dict[str, str]:
    """For each stage a digest of the code and of the files of the package that decide its result."""
    return {name: _digest(name) for name in stages()}


def _digest(stage: str) -> str:
    further = (path for folder in FURTHER.get(stage, ()) for path in _files(folder))
    digest = hashlib.sha256()
    for file in sorted({*closure(f"earmark.pipeline.{stage}"), *further}):
        digest.update(file.relative_to(PACKAGE).as_posix().encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> list[Path]:
    """The files in a folder of the package that count, through links of a checkout."""
    inside = sorted(folder.iterdir())
    below = [file for path in inside if path.is_dir() for file in _files(path)]
    return [*(path for path in inside if path.suffix in READ), *below]


def write_digests(project: Path) -> None:
    """Write `package.yaml` of a project."""
    body = yaml.safe_dump({"earmark": __version__, **digests()}, sort_keys=False)
    write_text(project / PACKAGE_FILE, HEADER + body)


def main() -> None:
    """Run the stage in the current folder."""
    project = Path.cwd()
    try:
        write_digests(project)
        if is_outdated(project):
            say(
                "package: dvc.yaml is that of another version of earmark: `earmark init` brings it up to date"
            )
    except (EarmarkError, OSError) as error:
        print(f"package: error: {error}", file=sys.stderr, flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
