"""The dvc.yaml of a project."""

from pathlib import Path

import yaml

from earmark.pipeline import order
from earmark.pipeline.project.pipeline_file import (
    FILES,
    description,
    is_outdated,
    is_unedited,
    stages,
    text_of,
)

CHECKOUT = yaml.safe_load((Path(__file__).parents[3] / "dvc.yaml").read_text(encoding="utf-8"))
PROJECT = yaml.safe_load(text_of("dvc.yaml"))


def test_a_project_has_the_stages_of_the_checkout_after_the_one_that_notes_the_code():
    assert list(PROJECT["stages"]) == ["package", *CHECKOUT["stages"]] == ["package", *order.STAGES]
    assert stages() == (*order.STAGES, *order.OPTIONAL)
    assert PROJECT["plots"] == CHECKOUT["plots"]
    assert description("split") == CHECKOUT["stages"]["split"]["desc"]


def test_a_stage_depends_on_the_digest_of_its_code_and_on_no_file_of_the_package():
    for name, entry in CHECKOUT["stages"].items():
        found = PROJECT["stages"][name]
        assert found["params"] == [{"package.yaml": [name]}, *entry.get("params", [])], name
        assert found["deps"] == [
            dep for dep in entry["deps"] if not dep.startswith("src/") and dep != "data/corpora"
        ], name
        same = ("cmd", "outs", "metrics")
        assert {key: found.get(key) for key in same} == {key: entry.get(key) for key in same}, name


def test_the_optional_stage_runs_in_the_project():
    (entry,) = yaml.safe_load(text_of("optional/dvc.yaml"))["stages"].values()
    assert entry["wdir"] == ".."
    assert entry["params"] == [{"package.yaml": ["describe"]}]


def test_an_edit_is_seen():
    for name in FILES:
        text = text_of(name)
        assert is_unedited(text)
        assert not is_unedited(text.replace("stages:", "stages: # mine"))
    assert not is_unedited("stages: {}\n")


def test_the_pipeline_of_another_version_is_outdated_unless_somebody_edited_it(tmp_path, monkeypatch):
    file = tmp_path / "dvc.yaml"
    file.write_text(text_of("dvc.yaml"))
    assert not is_outdated(tmp_path)
    monkeypatch.setattr("earmark.pipeline.project.pipeline_file._PACKAGE_STAGE", {"cmd": "another"})
    assert is_outdated(tmp_path)
    file.write_text(file.read_text() + "# mine\n")
    assert not is_outdated(tmp_path)
