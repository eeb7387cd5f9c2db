"""A notebook as a page: its cells and the outputs that are kept in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PICTURE = "image/png"


def notebook(file: Path) -> str:
    """Markdown of a notebook; pictures lie in the page itself."""
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    parts = [f"*The notebook `docs/{file.name}`, with the outputs of its last run.*"]
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        parts += [_output(output) for output in cell["outputs"]]
    # The title comes first.
    return "\n\n".join([parts[1], parts[0], *parts[2:]]) + "\n"


def _output(output: dict[str, Any]) -> str:
    """What a cell printed, gave or drew."""
    data = output.get("data", {})
    if PICTURE in data:
        return f"![What the cell draws](data:{PICTURE};base64,{''.join(data[PICTURE].split())})"
    text = "".join(output.get("text", data.get("text/plain", "")))
    return f"```text\n{text.rstrip()}\n```"
