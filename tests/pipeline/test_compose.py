"""params.yaml: composed, never edited by hand."""

import pytest
from omegaconf import OmegaConf

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline import compose


@pytest.fixture
def workspace(project, tmp_path):
    return Workspace.at(project, tmp_path)


def edit(workspace, old, new):
    text = workspace.params.read_text()
    assert old in text
    workspace.params.write_text(text.replace(old, new))


def test_params_are_the_config_with_every_reference_resolved(workspace, small):
    config = small("trainer.seed=${split.seed}", "split.seed=7")
    compose.run(config, workspace)
    written = OmegaConf.to_container(OmegaConf.load(workspace.params), resolve=False)
    assert written == config.as_dict()
    assert written["trainer"]["seed"] == 7


def test_equal_configs_give_equal_bytes(workspace, small):
    compose.run(small(), workspace)
    before = workspace.params.read_bytes()
    compose.run(small(), workspace)
    assert workspace.params.read_bytes() == before
    workspace.params.unlink()
    compose.run(small(), workspace)
    assert workspace.params.read_bytes() == before


def test_a_reader_is_told_where_changes_belong(workspace, small):
    compose.run(small(), workspace)
    assert "overrides.yaml" in workspace.params.read_text().partition("data:")[0]


def test_another_config_replaces_an_untouched_file(workspace, small):
    compose.run(small(), workspace)
    compose.run(small("trainer.seed=5", "model.embedding=8"), workspace)
    assert OmegaConf.load(workspace.params).trainer.seed == 5


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("max_epochs: 2", "max_epochs: 3", "trainer.max_epochs=3"),
        ("  seed: 0\n  optimizer", "  seed: 0\n  sed: 1\n  optimizer", "trainer.sed=1"),
        ("  channels: 1\n", "", "audio.channels=None"),
        (
            "_target_: torch.optim.AdamW",
            "_target_: torch.optim.SGD",
            "trainer.optimizer._target_=torch.optim.SGD",
        ),
    ],
)
def test_an_edit_is_refused_with_its_key_and_the_place_for_it(workspace, small, old, new, key):
    compose.run(small(), workspace)
    edit(workspace, old, new)
    edited = workspace.params.read_bytes()
    with pytest.raises(EarmarkError) as caught:
        compose.run(small(), workspace)
    text = str(caught.value)
    assert f"params.yaml was edited by hand ({key})" in text
    assert "overrides.yaml" in text
    assert "\n" not in text
    assert workspace.params.read_bytes() == edited


def test_an_edit_that_conf_now_says_too_is_no_longer_one(workspace, small):
    compose.run(small(), workspace)
    edit(workspace, "max_epochs: 2", "max_epochs: 3")
    compose.run(small("trainer.max_epochs=3"), workspace)
    assert OmegaConf.load(workspace.params).trainer.max_epochs == 3


def test_a_comment_or_an_empty_line_is_no_edit(workspace, small):
    compose.run(small(), workspace)
    before = workspace.params.read_bytes()
    edit(workspace, "trainer:", "# mine\n\ntrainer:")
    compose.run(small(), workspace)
    assert workspace.params.read_bytes() == before


@pytest.mark.parametrize("text", ["trainer: {seed: 3}\n", "", "- 1\n"])
def test_a_file_that_compose_did_not_write_is_not_overwritten(workspace, small, text):
    workspace.params.write_text(text)
    with pytest.raises(EarmarkError, match=r"params\.yaml was edited by hand"):
        compose.run(small(), workspace)
    assert workspace.params.read_text() == text


@pytest.mark.parametrize("text", ["trainer: [", "\t", "a: b: c"])
def test_a_file_that_is_no_yaml_is_said(workspace, small, text):
    workspace.params.write_text(text)
    with pytest.raises(EarmarkError) as caught:
        compose.run(small(), workspace)
    assert "is no longer YAML" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_cannot_work_is_refused_before_anything_is_written(workspace, small):
    with pytest.raises(EarmarkError, match=r"render\.synth_rate=4000"):
        compose.run(small("render.synth_rate=4000"), workspace)
    assert not workspace.params.exists()
