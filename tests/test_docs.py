"""What the pages name is there: rooms, modules, files, links."""

import re
from pathlib import Path

import pytest

from earmark.foundation.closure import PACKAGE

PROJECT = Path(__file__).parents[1]
PAGES = sorted([*(PROJECT / "docs").rglob("*.md"), *PROJECT.glob("*.md")])
MADE = re.compile(r"docs/(?:reference/.*|tour)\.md")  # by docs/generate: tests/docs/test_site.py checks
ROOM = re.compile(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)  # room, what it knows, its modules
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?:src/earmark|tests|stages|conf|bench|data/corpora|optional|ear)/[\w/.-]*\w")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
OF_THE_EXAMPLE = re.compile(r"(?:octaves|attention)\.(?:py|yaml)$|NAME")  # docs/extend.md has a user write it


def test_the_map_names_every_room_and_only_modules_that_are_there():
    page = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = dict(ROOM.findall(page))
    assert set(rooms) == {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    missing = [
        f"{room}: {name}"
        for room, modules in rooms.items()
        for name in CODE.findall(modules)
        if re.fullmatch(r"[a-z]\w*/?", name)
        and not any((PACKAGE / room).rglob(name.rstrip("/") if name.endswith("/") else f"{name}.py"))
        and not (PACKAGE / room / name).is_dir()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_files_and_links_of_a_page_exist(page):
    text = page.read_text(encoding="utf-8")
    named = {path for code in CODE.findall(text) for path in FILE.findall(code)}
    linked = {(page.parent / link).resolve() for link in LINK.findall(text)}
    files = {PROJECT / path for path in named if not OF_THE_EXAMPLE.search(path)} | linked
    missing = [file.relative_to(PROJECT).as_posix() for file in sorted(files) if not file.exists()]
    assert [name for name in missing if not MADE.fullmatch(name)] == []
