"""SHA-256 of files and of settings: what keys and notes are made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path


def digest_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_settings(settings: Mapping[str, object]) -> str:
    """SHA-256 of settings as canonical JSON, hexadecimal; the order of keys does not matter."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
