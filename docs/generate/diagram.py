"""Mermaid's flowcharts as SVG in the page: no script, no network when the page is read."""

from __future__ import annotations

from typing import Any
from zlib import crc32


def flowchart(source: str, *_: Any, **__: Any) -> str:
    """Draw a block `mermaid`: a formatter of a fence, as pymdownx.superfences calls it.

    Returns:
        HTML. Names in the drawing are made the block's own, since a page may have several.
    """
    import mmdr

    name = f"diagram-{crc32(source.encode()):08x}"
    drawing = mmdr.render(source).svg().replace("merman", name)
    return f'<div style="background: white; padding: 0.5rem">{drawing}</div>'
