"""`earmark promote`: make a run of the shell or of a sweep what `dvc repro` builds."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from earmark.foundation.workspace import Workspace


def promote(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, its beginning, or its exact name.")],
) -> None:
    r"""Write a run's overrides into overrides.yaml, so that `dvc repro` rebuilds exactly it.

    What the run computed per piece is in the store and is linked from there; training and
    evaluation run again and give the same metrics on the same machine. Differences in data,
    conf/ and code since then are listed. Comments at the top of overrides.yaml stay.

    \b
    earmark promote 3f2a91bc
    earmark promote "trainer.seed=1, objective.margin=0.5"
    """
    from earmark.evaluation.metric_table import headline
    from earmark.evaluation.pooling import logged
    from earmark.experiments.promotion import promote_run

    workspace = Workspace.find()
    kept, before, after, doubts = promote_run(run, workspace)
    for doubt in doubts:
        print(f"earmark: warning: {doubt}", file=sys.stderr)
    print(f"run {kept.run_id} ({kept.experiment}: {kept.name})")
    if before == after:
        print("overrides.yaml has its overrides already")
    else:
        for item in before:
            if item not in after:
                print(f"  - {item}")
        for item in after:
            print(f"  {' ' if item in before else '+'} {item}")
        print("written to overrides.yaml")
    metric = headline(name.partition(".")[0] for name in kept.metrics).name
    score = logged(kept.metrics, metric)
    if score.value is not None:
        print(f"next: dvc repro, then dvc metrics show: {metric} {score.value:g} is the run's")
    else:
        print("next: dvc repro")
