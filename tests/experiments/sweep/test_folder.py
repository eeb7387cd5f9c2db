"""A sweep's folder: read as written, and found by its overrides."""

from dataclasses import replace

import pytest

from earmark.experiments.sweep.folder import Sweep, find_sweep, lasting
from earmark.foundation.errors import EarmarkError


def test_a_sweep_is_read_as_written(sweep, tmp_path):
    assert Sweep.read(sweep.folder) == sweep
    assert Sweep.read(tmp_path) is None


def test_a_job_is_called_after_what_varies(sweep):
    job = ["experiment=composer", "objective.margin=0.5", "split.fold=1", "trainer.max_epochs=1"]
    assert sweep.job_name(job) == "objective.margin=0.5, split.fold=1"
    assert sweep.job_name(job[:1]) == "default"


def test_jobs_come_by_number_and_none_of_another_sweep(sweep, write_job):
    for number in (10, 2, 1):
        write_job(sweep, number, 0.5, 0)
    write_job(sweep, 3, 0.5, 0, parent="another")
    assert [folder.name for folder, _ in sweep.jobs()] == ["1", "2", "10"]


@pytest.mark.parametrize("item", ["hydra/launcher=joblib", "hydra.sweep.dir=x", "sweep.resume=true"])
def test_settings_of_how_a_sweep_is_run_do_not_last(item):
    assert lasting(["a=1", item, "+b.sweep=2"]) == ("a=1", "+b.sweep=2")


def test_the_newest_of_the_same_overrides_is_found(sweep, tmp_path):
    runs = tmp_path / "runs"
    replace(sweep, folder=runs / "today" / "later", started="2026-01-01T13:00:00.000+00:00").write()
    replace(sweep, folder=runs / "other", started="2027", overrides=("split.fold=0,1",)).write()
    replace(sweep, folder=runs / "evaluate", started="2027", stage="evaluate").write()
    assert find_sweep(runs, "train", [*sweep.overrides, "sweep.resume=true"]).folder.name == "later"


def test_where_there_is_none_the_error_names_the_overrides(sweep, tmp_path):
    with pytest.raises(
        EarmarkError, match=r"no sweep of train below .*runs had the overrides split.fold=2,3"
    ):
        find_sweep(tmp_path / "runs", "train", ["split.fold=2,3"])
    with pytest.raises(EarmarkError, match=r"sweep\.resume=true"):
        find_sweep(tmp_path / "nowhere", "train", sweep.overrides)
