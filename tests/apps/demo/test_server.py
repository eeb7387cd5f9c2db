"""What the page needs."""

import os
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from earmark.apps.demo.server import QUIET, import_gradio
from earmark.foundation.errors import EarmarkError

CHECKOUT = Path(__file__).parents[3]


@pytest.mark.parametrize("library", ["gradio", "matplotlib"])
def test_without_what_the_page_needs_the_line_to_type_is_said(monkeypatch, tmp_path, library):
    for name in (*QUIET, "GRADIO_TEMP_DIR"):
        monkeypatch.setenv(name, "before")
    monkeypatch.setitem(sys.modules, "gradio", ModuleType("gradio"))
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        EarmarkError,
        match=rf"needs {library}: pip install 'earmark\[demo\]', or in the checkout pip install -c "
        r"constraints-demo\.txt -e '\.\[demo\]'$",
    ):
        import_gradio(tmp_path)
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert os.environ["GRADIO_TEMP_DIR"] == str(tmp_path)


def test_its_extra_brings_what_draws():
    extras = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert "earmark[describe]" in extras["demo"]


def test_its_pins_are_the_default_ones_but_for_what_gradio_cannot_take():
    default, demo = (
        dict(line.split("==") for line in (CHECKOUT / name).read_text().splitlines() if "==" in line)
        for name in ("constraints.txt", "constraints-demo.txt")
    )
    assert {name for name in default if demo.get(name) != default[name]} == {"pillow", "tomlkit"}
    assert "gradio" in demo
