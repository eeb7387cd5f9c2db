"""A sweep's folder, read as written."""

from earmark.experiments.sweep.folder import Sweep


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
