"""Files to features, by a bundle's recipe: one, or many in parallel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark.foundation.errors import EarmarkError, PieceError, describe
from earmark.foundation.workspace import Workspace
from earmark.identify.inputs import Target
from earmark.music.recipe import Recipe

WORTH_PROCESSES = 6  # files from which on processes gain more than their start takes


@dataclass(frozen=True)
class HeardFile:
    """Features of a file (channels, bands, frames); or None, and why there are none."""

    target: Target
    features: np.ndarray | None
    error: str = ""


def soundfont_places(base: Path) -> list[Path]:
    """Where the soundfont of a bundle at `base` may lie: with it, or in the checkout around it or around
    us."""
    places = [base]
    for start in (base, Path.cwd()):
        with suppress(EarmarkError):
            places.append(Workspace.find(start).project)
    return places


def hear(recipe: Recipe, target: Target) -> HeardFile:
    """One file. Raises EarmarkErrors that are not about it: FluidSynth is missing."""
    try:
        return HeardFile(target, recipe.hear(target.file))
    except EarmarkError as error:
        if not isinstance(error, PieceError):
            raise
        return HeardFile(target, None, str(error))
    except Exception as error:  # an unforeseen fault of one file is that file's error
        return HeardFile(target, None, describe(error))


def hear_all(recipe: Recipe, targets: Sequence[Target], workers: int = 0) -> Iterator[HeardFile]:
    """Files in their order; many are heard in parallel, a few at a time. workers: 0 for one per core."""
    if workers == 1 or (workers == 0 and len(targets) < WORTH_PROCESSES):
        yield from (hear(recipe, target) for target in targets)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=workers or -1, return_as="generator", pre_dispatch="2*n_jobs")
    yield from parallel(delayed(hear)(recipe, target) for target in targets)
