"""Whether the results are those of the commit, in one line: `make repro` ends with it.

python -m earmark.pipeline.committed    in the folder with dvc.yaml
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace

NOTED = ("dvc.lock", "params.yaml")
"""What else `dvc repro` writes that is in git."""
SHOWN = 3  # differences that are named
TIMEOUT_S = 60


def comparison(project: Path) -> str:
    """Compare the metrics in a folder with those of its commit, value by value.

    Args:
        project: A checkout or a project.

    Returns:
        One line that says whether they are equal, and otherwise what differs.
    """
    names = [line for line in _git(project, "ls-tree", "--name-only", "HEAD:./metrics") or [] if line]
    if not names:
        return "results: none are committed to compare with"
    differences = [
        f"metrics/{name}: {difference}"
        for name in names
        for difference in _differences(_committed(project, name), _present(project / "metrics" / name))
    ]
    if differences:
        more = f" and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
        return f"results differ from the committed ones: {'; '.join(differences[:SHOWN])}{more}"
    changed = _git(project, "diff", "--name-only", "--relative", "HEAD", "--", *NOTED)
    if changed:
        others = " and ".join(changed)
        return f"results equal the committed ones; not so {others}: other code, settings or bytes led to them"
    return "results equal the committed ones"


def _committed(project: Path, name: str) -> Any:
    return json.loads("\n".join(_git(project, "show", f"HEAD:./metrics/{name}") or ["{}"]))


def _present(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _differences(then: Any, now: Any, key: str = "") -> Iterator[str]:
    """Each value that differs, by the names that lead to it."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for name in {**then, **now}:
            yield from _differences(then.get(name), now.get(name), f"{key}.{name}".lstrip("."))
    elif then != now:
        yield f"{key} was {then}, is {now}" if not isinstance(then, list) else f"{key} changed"


def _git(project: Path, *arguments: str) -> list[str] | None:
    """Lines that git prints; None where it fails or is not installed."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=project, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.splitlines()


def main() -> None:
    """Print the line."""
    try:
        print(comparison(Workspace.find().project))
    except (EarmarkError, ValueError) as error:
        print(f"results: error: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
