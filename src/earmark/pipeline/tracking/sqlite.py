"""The address of an SQLite file as SQLAlchemy reads it, whatever the folders are called that it lies in."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import in_utf8

# MLflow makes the folders of `sqlite:///…` by name, escapes and all; not those of one that names the driver.
ESCAPED = "sqlite+pysqlite:///"
# `%` and `?` mean something to SQLAlchemy, braces to Optuna.
_SPECIAL = re.compile(r"[%?{}]")


def sqlite_uri(file: Path) -> str:
    """The address of a database, `sqlite:////home/you/earmark/mlflow.db`.

    Raises:
        EarmarkError: SQLAlchemy, as it is installed, has no address for such a path.
    """
    path = str(file)
    if in_utf8(path) != path:
        raise EarmarkError(f"{path}: no database can lie below a folder whose name is not UTF-8: rename it")
    if not _SPECIAL.search(path):
        return f"sqlite:///{path}"
    from sqlalchemy import make_url

    uri = ESCAPED + _SPECIAL.sub(lambda match: f"%{ord(match[0]):02X}", path)
    if make_url(uri).database != path:
        raise EarmarkError(f"{path}: no database can lie below a folder with % ? {{ or }}: rename it")
    return uri


def shown_uri(uri: str) -> str:
    """An address as people know it: of a file whose path had to be escaped the path."""
    return unquote(uri.removeprefix(ESCAPED)) if uri.startswith(ESCAPED) else uri
