"""MkDocs' hook: pages that are made from code and settings, links out of docs/, diagrams without a script.

MkDocs puts this folder on the path while it loads the hook, so that the modules beside it are found.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

from bundle_page import bundles
from command_page import commands
from diagram import flowchart
from notebook_page import notebook
from outward_links import Linked, inward
from python_page import python_api
from setting_pages import experiments, settings

PROJECT = Path(__file__).parents[2]
SHIM_ELSEWHERE = "https://unpkg.com/iframe-worker/shim"  # what Material's offline plugin writes into pages
SHIM = "assets/javascripts/iframe-worker.js"
ROOT_PAGES = {"CONTRIBUTING.md": "about/contributing.md", "CHANGELOG.md": "about/changelog.md"}
"""Files beside the README that are pages, too."""


def generated() -> dict[str, str]:
    """Markdown of every page that is made at build time, by its place in the site."""
    return {
        "reference/commands.md": commands(),
        "reference/settings.md": settings(PROJECT / "conf"),
        "reference/experiments.md": experiments(PROJECT / "conf"),
        "reference/python.md": python_api(),
        "reference/bundles.md": bundles(PROJECT / "src" / "earmark" / "identify" / "bundles"),
        "tour.md": notebook(PROJECT / "docs" / "tour.ipynb"),
        **{page: (PROJECT / name).read_text(encoding="utf-8") for name, page in ROOT_PAGES.items()},
    }


def on_config(config: Any, **_: Any) -> Any:
    """Let Mermaid's blocks be drawn when the site is built."""
    fence = {"name": "mermaid", "class": "mermaid", "format": flowchart}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
    return config


def on_files(files: Any, config: Any, **_: Any) -> Any:
    """Add the pages that are made."""
    from mkdocs.structure.files import File

    for place, text in generated().items():
        files.append(File.generated(config, place, content=text))
    shim = Path(__file__).with_name("iframe-worker.js").read_text(encoding="utf-8")
    files.append(File.generated(config, SHIM, content=shim))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links to files outside of docs/ at their pages, or leave their text alone."""
    place = page.file.src_uri
    origin = next((name for name, page in ROOT_PAGES.items() if page == place), f"docs/{place}")
    return inward(markdown, Linked(origin, place, {**ROOT_PAGES, "README.md": "index.md"}))


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Take the script for searching without a server from the site itself."""
    return output.replace(SHIM_ELSEWHERE, posixpath.relpath(SHIM, posixpath.dirname(page.url) or "."))


def on_post_template(output_content: str, **_: Any) -> str:
    """Likewise on the page that says that a page is not there."""
    return output_content.replace(SHIM_ELSEWHERE, f"/{SHIM}")
