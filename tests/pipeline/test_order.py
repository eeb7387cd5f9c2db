"""The stages, in the order that dvc.yaml has too."""

from pathlib import Path

import pytest
import yaml

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline import compose as compose_stage
from earmark.pipeline import order as pipeline
from earmark.pipeline.settings.config import compose

PROJECT = Path(__file__).parents[2]
DVC = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


@pytest.fixture
def calls(monkeypatch):
    """Stages that were run, in order, instead of running them."""
    made = []
    monkeypatch.setattr(compose_stage, "write", lambda cfg, workspace: made.append("compose"))
    monkeypatch.setattr(pipeline, "run_stage", lambda stage, cfg, workspace: made.append(stage))
    return made


def test_dvc_runs_the_same_stages_each_by_its_script():
    assert tuple(DVC) == pipeline.STAGES
    for stage, settings in DVC.items():
        frozen = "" if stage == "compose" else " -cn frozen"
        assert settings["cmd"] == f"python stages/{stage}.py{frozen}"


@pytest.mark.parametrize("stage", [*pipeline.STAGES, *pipeline.OPTIONAL])
def test_every_stage_has_a_script_and_a_function(stage):
    script = (PROJECT / "stages" / f"{stage}.py").read_text(encoding="utf-8")
    assert f"Stage {stage}: " in script
    assert "launch(__file__)" in script
    __import__(f"earmark.pipeline.{stage}", fromlist=["run"]).run  # noqa: B018


def test_there_are_no_scripts_but_those():
    known = {*pipeline.STAGES, *pipeline.OPTIONAL}
    assert {path.stem for path in (PROJECT / "stages").glob("*.py")} == known


@pytest.mark.parametrize("last", pipeline.STAGES)
def test_a_run_goes_in_order_to_its_last_stage(calls, tmp_path, last):
    pipeline.run(compose(PROJECT / "conf", []), Workspace.at(tmp_path), last)
    assert calls == [*DVC][: [*DVC].index(last) + 1]


def test_a_run_goes_to_the_end_unless_told_otherwise(calls, tmp_path):
    pipeline.run(compose(PROJECT / "conf", []), Workspace.at(tmp_path))
    assert calls == [*DVC]


def test_what_cannot_work_is_refused_before_any_stage(calls, tmp_path):
    cfg = compose(PROJECT / "conf", ["audio.sample_rate=0"])
    with pytest.raises(EarmarkError, match=r"audio\.sample_rate=0"):
        pipeline.run(cfg, Workspace.at(tmp_path))
    assert calls == []


@pytest.mark.parametrize("last", ["features", "split", "describe"])
def test_a_run_that_trains_nothing_is_not_refused_for_its_model(calls, tmp_path, last):
    cfg = compose(PROJECT / "conf", ["model=key"])
    pipeline.run(cfg, Workspace.at(tmp_path), last)
    assert calls[-1] == last
    with pytest.raises(EarmarkError, match="KeyNet gives class scores"):
        pipeline.run(cfg, Workspace.at(tmp_path))


def test_a_stage_gets_config_and_workspace(monkeypatch, tmp_path):
    import earmark.pipeline.split

    given = []
    monkeypatch.setattr(earmark.pipeline.split, "run", lambda *args: given.append(args))
    workspace = Workspace.at(tmp_path)
    pipeline.run_stage("split", "config", workspace)
    assert given == [("config", workspace)]


@pytest.mark.parametrize("last", pipeline.OPTIONAL)
def test_an_optional_stage_runs_after_what_it_needs_and_nothing_else(calls, tmp_path, last):
    pipeline.run(compose(PROJECT / "conf", []), Workspace.at(tmp_path), last)
    needed = pipeline.OPTIONAL[last]
    assert calls == [*pipeline.STAGES[: pipeline.STAGES.index(needed) + 1], last]


def test_describing_needs_sound_and_no_model(calls, tmp_path):
    pipeline.run(compose(PROJECT / "conf", []), Workspace.at(tmp_path), "describe")
    assert calls == ["compose", "ingest", "render", "validate", "describe"]


def test_optional_stages_are_in_no_other_run(calls, tmp_path):
    assert not set(pipeline.OPTIONAL) & {*pipeline.STAGES, *DVC}
    pipeline.run(compose(PROJECT / "conf", []), Workspace.at(tmp_path))
    assert not set(pipeline.OPTIONAL) & set(calls)
