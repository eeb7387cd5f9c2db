"""Where the ear's pipeline lies and what its params.yaml says."""

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent


def section(name: str) -> dict[str, Any]:
    """A section of ear/params.yaml."""
    return yaml.safe_load((FOLDER / "params.yaml").read_text(encoding="utf-8"))[name]
