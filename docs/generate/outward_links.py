"""Links of a page to files of the checkout, as links within the site."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")
IMAGE = re.compile(r"!\[([^\]]*)\]\((?!https?:|data:)([^)\s]+)\)")


@dataclass(frozen=True)
class Linked:
    """Where a page's text comes from, and where its page and those of other files are.

    Attributes:
        origin: Path of the text's file in the checkout, with slashes.
        place: The page's place in the site.
        pages: Places of files outside of docs/ that are pages.
    """

    origin: str
    place: str
    pages: Mapping[str, str]

    def target(self, link: str) -> str | None:
        """The link as the site has it, None for a file that the site does not have."""
        file = posixpath.normpath(posixpath.join(posixpath.dirname(self.origin), link))
        if file.startswith("docs/"):
            page = file.removeprefix("docs/")
        elif file in self.pages:
            page = self.pages[file]
        else:
            return None
        return posixpath.relpath(page, posixpath.dirname(self.place) or ".")


def inward(markdown: str, linked: Linked) -> str:
    """The text with links as the site has them; a link to a file that is no page becomes its text."""

    def link(match: re.Match[str]) -> str:
        text, name, anchor = match[1], match[2], match[3] or ""
        target = linked.target(name)
        return text if target is None else f"[{text}]({target}{anchor})"

    def image(match: re.Match[str]) -> str:
        target = linked.target(match[2])
        return match[0] if target is None else f"![{match[1]}]({target})"

    return IMAGE.sub(image, LINK.sub(link, markdown))
