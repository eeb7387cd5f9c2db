"""Where the ear's pipeline lies and what its params.yaml says."""

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
# Not the package's own file: that lies in a folder on which the main pipeline depends, and DVC would rebuild
# the ear before it. `make ear` copies it at the end.
TRAINED = FOLDER / "data" / "ear.safetensors"


def section(name: str) -> dict[str, Any]:
    """A section of ear/params.yaml."""
    return yaml.safe_load((FOLDER / "params.yaml").read_text(encoding="utf-8"))[name]
