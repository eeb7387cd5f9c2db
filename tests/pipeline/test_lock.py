"""Whether dvc.lock names the code that is here: otherwise the first `make repro` of a clone changes it."""

from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
CODE = ("src/", "conf", "data/corpora")


@pytest.mark.slow
def test_the_committed_lock_is_of_this_code():
    """Where it is not: dvc repro, then commit dvc.lock with params.yaml and metrics/."""
    from dvc.repo import Repo

    with Repo(str(PROJECT)) as repo:
        pipeline = [stage for stage in repo.index.stages if stage.path_in_repo == "dvc.yaml"]
        code = [dep for stage in pipeline for dep in stage.deps if dep.def_path.startswith(CODE)]
        changed = sorted({dep.def_path for dep in code if dep.changed_checksum()})
    assert len(code) > 8
    assert changed == []
