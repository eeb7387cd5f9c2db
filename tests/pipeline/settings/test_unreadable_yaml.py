"""A file of settings that is not YAML is named in one line."""

import pytest
import yaml

from earmark.pipeline.settings.config import unreadable_yaml


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("params.yaml", "params.yaml, line 2 is not YAML (expected ',' or ']'"),
        ("mine.yaml", "mine.yaml, line 2 is not YAML"),
    ],
)
def test_which_file_and_line(tmp_path, name, said):
    file = tmp_path / name
    file.write_text("data: [unclosed\n  x: {\n")
    with file.open() as handle, pytest.raises(yaml.YAMLError) as caught:
        yaml.safe_load(handle)
    line = str(unreadable_yaml(caught.value))
    assert line.startswith(f"config: {said}")
    assert ("delete it" in line) == (name == "params.yaml")
    assert "\n" not in line
