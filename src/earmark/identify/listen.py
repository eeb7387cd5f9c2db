"""From files to features by a bundle's recipe: one file, or many in parallel."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from earmark.foundation.errors import EarmarkError, PieceError, describe
from earmark.foundation.orphan import end_with
from earmark.foundation.workspace import Workspace
from earmark.identify.inputs import Target
from earmark.music.recipe import Recipe
from earmark.store.executor.limit import SECONDS_PER_PIECE, time_limit

WORTH_PROCESSES = 6  # files from which on processes save more time than their start takes


@dataclass(frozen=True)
class HeardFile:
    """What a bundle's recipe makes of a file.

    Attributes:
        target: The file.
        features: (channels, bands, frames), float16; None where it cannot be heard.
        error: Why it cannot; else "".
        warning: What of it is not heard, in words; else "".
    """

    target: Target
    features: np.ndarray | None
    error: str = ""
    warning: str = ""


def soundfont_places(base: Path) -> list[Path]:
    """Folders where the soundfont of a bundle is looked for.

    Args:
        base: The bundle's folder.

    Returns:
        That folder, and the checkouts around it and around the current folder.
    """
    places = [base]
    for start in (base, Path.cwd()):
        with suppress(EarmarkError):
            places.append(Workspace.find(start).project)
    return places


def hear(recipe: Recipe, target: Target) -> HeardFile:
    """Hear one file; what is wrong with it becomes its `error`.

    Args:
        recipe: The bundle's.
        target: The file.

    Raises:
        EarmarkError: No file can be heard, for example because FluidSynth is missing.
    """
    try:
        with time_limit(SECONDS_PER_PIECE):
            features, warning = recipe.listen(target.file)
        return HeardFile(target, features, warning=warning)
    except PieceError as error:
        return HeardFile(target, None, str(error))
    except EarmarkError:
        raise
    except Exception as error:  # an unforeseen fault of one file is that file's error
        return HeardFile(target, None, describe(error))


def hear_all(recipe: Recipe, targets: Sequence[Target], workers: int = 0) -> Iterator[HeardFile]:
    """Hear files; many are heard in parallel, a few ahead of what is asked for.

    Args:
        recipe: The bundle's.
        targets: The files.
        workers: Processes; 0 for one per core.

    Yields:
        What is heard of each file, in their order.

    Raises:
        EarmarkError: As `hear`.
    """
    if workers == 1 or (workers == 0 and len(targets) < WORTH_PROCESSES):
        yield from (hear(recipe, target) for target in targets)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=workers or -1, return_as="generator", pre_dispatch="2*n_jobs")
    here = os.getpid()
    tasks = (delayed(_hear_in_worker)(here, recipe, target) for target in targets)
    yield from cast("Iterator[HeardFile]", parallel(tasks))


def _hear_in_worker(parent: int, recipe: Recipe, target: Target) -> HeardFile:
    end_with(parent)
    return hear(recipe, target)
