"""The page of `dvc plots`: filled in by DVC, and without anything from the network."""

import re
from configparser import ConfigParser
from pathlib import Path

from dvc_render.html import HTML

from earmark.foundation.closure import PACKAGE

PROJECT = Path(__file__).parents[2]
PAGE = PACKAGE / "pipeline" / "plots_page.html"


def test_dvc_takes_the_page_that_is_in_the_package():
    config = ConfigParser()
    config.read(PROJECT / ".dvc" / "config")
    assert (PROJECT / ".dvc" / config["plots"]["html_template"]).resolve() == PAGE.resolve()


def test_it_loads_nothing_and_has_what_draws_inside():
    document = HTML(PAGE.read_text(encoding="utf-8"))
    cdn = '<script src="https://cdn.jsdelivr.net/npm/vega@5"></script>'
    page = document.with_scripts(cdn).with_element("<p>a plot</p>").embed()
    assert page.count("<p>a plot</p>") == 1
    outside = re.compile(r"<script>.*?</script>", re.DOTALL).sub("", page)  # Vega has words like src= in it
    assert re.findall(r"(?:src|href)=", outside) == []
    assert len(re.findall(r"^<script>$", page, re.MULTILINE)) == 3
    for name in ("vega", "vega-lite", "vega-embed"):
        assert re.search(rf"<!-- {name} \d+\.\d+\.\d+, build/{name}\.min\.js", page)
    assert "THE COPYRIGHT HOLDERS AND CONTRIBUTORS" in page  # the notice that the licence wants
