"""Choices of a project's own stand before those of the package."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import CATALOGUE
from earmark.pipeline.settings.config import compose

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def conf(tmp_path):
    """An empty folder of choices, with signs in its path that Hydra gives a meaning elsewhere."""
    folder = tmp_path / "a=b %2F,[x] é" / "conf"
    folder.mkdir(parents=True)
    return folder


def test_a_project_without_choices_has_those_of_the_package(conf):
    config = compose(conf, ["experiment=key"])
    assert config.data.question == "key"
    assert config.model["_target_"].startswith("earmark.models.")


def test_a_choice_of_its_own_is_there_beside_the_others_and_before_its_namesake(conf):
    (conf / "render").mkdir()
    (conf / "render" / "mine.yaml").write_text("defaults: [piano, _self_]\ngain: 0.25\n")
    (conf / "render" / "original.yaml").write_text("defaults: [piano, _self_]\ngain: 0.125\n")
    assert compose(conf, ["render=mine"]).render.gain == 0.25
    assert compose(conf, ["render=mine"]).render.instruments == "piano"
    assert compose(conf, ["render=original"]).render.gain == 0.125
    with pytest.raises(EarmarkError, match="did you mean mine") as refused:
        compose(conf, ["render=mind"])
    assert "mine, original, piano" in str(refused.value)


def test_the_catalogue_has_all_choices_and_corpora_of_the_checkout():
    for origin, pattern, place in (("conf", "**/*.yaml", "conf"), ("data/corpora", "*.csv", "corpora")):
        files = {path.relative_to(CHECKOUT / origin) for path in (CHECKOUT / origin).glob(pattern)}
        assert {name for name in files if not (CATALOGUE / place / name).is_file()} == set()


def test_other_applications_of_hydra_do_not_see_our_choices(tmp_path):
    """Though Hydra looks for plugins of every package that is installed."""
    (tmp_path / "config.yaml").write_text("size: 1\n")
    code = (
        "import json, sys\n"
        "from hydra import initialize_config_dir\n"
        "from hydra.core.global_hydra import GlobalHydra\n"
        "with initialize_config_dir(config_dir=sys.argv[1], version_base='1.3'):\n"
        "    print(json.dumps(GlobalHydra.instance().config_loader().get_group_options('model')))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
