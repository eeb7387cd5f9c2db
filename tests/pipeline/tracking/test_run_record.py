"""A run's record comes back as it was written."""

from earmark.pipeline.tracking.run_record import FINISHED, RunRecord


def test_a_record_is_read_as_written(tmp_path):
    record = RunRecord(FINISHED, "r1", "songs", "p1", ("model=a", "x='ü, [1]'"), "d", "best", 0.75)
    record.write(tmp_path / "run.json")
    assert RunRecord.read(tmp_path / "run.json") == record
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_where_no_record_is_there_is_none(tmp_path):
    assert RunRecord.read(tmp_path / "run.json") is None
