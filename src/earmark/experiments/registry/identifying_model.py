"""A bundle as an MLflow model: rows with music in them in, rows with verdicts out."""

from __future__ import annotations

import base64
import binascii
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from earmark.foundation.errors import PieceError, describe
from earmark.identify.identifier import Identifier
from earmark.identify.inputs import Target
from earmark.identify.verdict import FIELDS, Verdict
from earmark.music.recordings.formats import MUSIC_SUFFIXES, suffix_of

PATHS_VARIABLE = "EARMARK_SERVE_PATHS"  # 1 lets clients name files of the server
OUTPUT_COLUMNS = ("name", *(field for field in FIELDS if field != "path"))
NESTED = ("probabilities", "nearest")  # as JSON: a column holds text or numbers


class IdentifyingModel(PythonModel):
    """Identifies what each row holds; a row whose music cannot be read has an `error`."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the bundle, with the checks that every bundle gets: nothing in it runs code."""
        self.identifier = Identifier.load(Path(context.artifacts["bundle"]))

    def predict(
        self,
        context: PythonModelContext | None,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Identify the music of each row; what is wrong with a row is in its `error` and is not raised.

        Args:
            context: MLflow's; not used.
            model_input: The columns name, content_base64 (a file's bytes) and path (a file of the server,
                where PATHS_VARIABLE is 1), as far as they are there.
            params: MLflow's; not used.

        Returns:
            A row of OUTPUT_COLUMNS for each row of `model_input`, in its order.
        """
        # Not to_dict: MLflow drops columns that it does not know, and a row without any is a row still.
        rows = [
            self._row({str(key): cell for key, cell in model_input.iloc[place].items()})
            for place in range(len(model_input))
        ]
        return pd.DataFrame(rows, columns=list(OUTPUT_COLUMNS), dtype=object)

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        name = _text(row.get("name")) or _text(row.get("path"))
        try:
            with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
                verdict = self.identifier.identify(Target(name, _file(row, name, Path(folder))))
        except Exception as error:  # the other rows are answered: no status 500
            verdict = Verdict(name, error=describe(error))
        plain = verdict.as_dict()
        nested = {key: json.dumps(plain[key], ensure_ascii=False) for key in NESTED}
        return {"name": name, **{key: plain[key] for key in OUTPUT_COLUMNS[1:]}, **nested}


def _file(row: dict[str, Any], name: str, folder: Path) -> Path:
    """The file that a row is about, below `folder` where the row brings its bytes."""
    content, path = _text(row.get("content_base64")), _text(row.get("path"))
    if path and os.environ.get(PATHS_VARIABLE) != "1":
        raise PieceError(
            f"paths are refused: send content_base64, or start the server with {PATHS_VARIABLE}=1"
        )
    if bool(content) == bool(path):
        raise PieceError("a row needs either content_base64 or path" + (", not both" if path else ""))
    if path:
        return Path(path)
    try:
        # Tools wrap base64 into lines; anything else that is not of its alphabet is a mistake.
        data = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PieceError(f"content_base64 is not base64: {error}") from error
    # Of the name that a client states only a known suffix is taken.
    stated = Path(name).suffix.lower()
    file = folder / f"sound{suffix_of(data) or (stated if stated in MUSIC_SUFFIXES else '')}"
    file.write_bytes(data)
    return file


def _text(value: Any) -> str:
    """A cell's text; "" where there is none (None, NaN)."""
    return "" if value is None or value != value else str(value)
