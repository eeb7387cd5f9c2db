"""The documentation site: every link and anchor in it leads somewhere, and it is whole without network."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from earmark.apps.cli import COMMANDS

PROJECT = Path(__file__).parents[2]
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src"}


class _Loaded(HTMLParser):
    """Addresses that a browser asks for by itself while it shows a page."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        address = attributes.get(LOADED.get(tag, ""))
        if tag == "link" and attributes.get("rel") != "canonical":
            address = attributes.get("href")
        if address:
            self.addresses.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=PROJECT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_a_page_loads_nothing_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loaded = _Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert [address for address in loaded.addresses if re.match("(https?:)?//", address)] == [], page
    missing = [address for address in loaded.addresses if not (page.parent / address.split("?")[0]).exists()]
    assert missing == []
    for style in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*['\"]?https?:", style.read_text(encoding="utf-8")), style


def test_the_page_of_commands_has_every_command_and_its_options(site):
    page = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    headings = re.findall(r'<h2 id="earmark-([\w-]+)"', page)
    assert {command.__name__ for command in COMMANDS} | {"cache-gc", "cache-ls"} <= set(headings)
    assert "<code>--undo LOG</code>" in page


def test_the_pages_of_settings_have_every_choice_with_its_comments(site):
    settings = (site / "reference" / "settings.html").read_text(encoding="utf-8")
    experiments = (site / "reference" / "experiments.html").read_text(encoding="utf-8")
    for file in (PROJECT / "conf").glob("*/*.yaml"):
        if file.parent.name == "experiment":
            assert f'<h2 id="{file.stem}"' in experiments
        else:
            assert f"{file.parent.name}={file.stem}" in settings
    assert "labels with fewer works are left out" in settings


def test_the_page_of_python_has_the_docstrings(site):
    page = (site / "reference" / "python.html").read_text(encoding="utf-8")
    assert 'id="earmark.identify.identifier.Identifier.identify_array"' in page
    assert "full scale" in page


def test_diagrams_are_drawings(site):
    for name in ("architecture", "pipeline"):
        page = (site / f"{name}.html").read_text(encoding="utf-8")
        assert 'aria-roledescription="flowchart-v2"' in page
        assert 'class="mermaid"' not in page  # what Material would fetch a script for
