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
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_EXHAUSTED, TEMPORARILY_UNAVAILABLE
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from earmark.foundation.deadline import Deadline, DeadlineError
from earmark.foundation.errors import EarmarkError, PieceError, describe
from earmark.identify.identifier import Identifier
from earmark.identify.inputs import Target
from earmark.identify.limited import LimitedIdentifier
from earmark.identify.limits import BusyError, Limits, OverLimitError
from earmark.identify.verdict import FIELDS, Verdict
from earmark.music.recordings.formats import MUSIC_SUFFIXES, suffix_of

PATHS_VARIABLE = "EARMARK_SERVE_PATHS"  # 1 lets clients name files of the server
OUTPUT_COLUMNS = ("name", *(field for field in FIELDS if field != "path"))
NESTED = ("probabilities", "nearest")  # as JSON: a column holds text or numbers
BASE64_SHARE = 0.75  # bytes that a character of base64 stands for


class RefusedError(MlflowException):
    """A request that is over a limit, with the status by which MLflow's server answers it."""

    def __init__(self, error: EarmarkError) -> None:
        """Refuse.

        Args:
            error: Why.
        """
        status = 413 if isinstance(error, OverLimitError) else 429 if isinstance(error, BusyError) else 503
        super().__init__(str(error), TEMPORARILY_UNAVAILABLE if status == 503 else RESOURCE_EXHAUSTED)
        self._status = status

    def get_http_status_code(self) -> int:
        """The status of HTTP: MLflow has no code of its own for 413."""
        return self._status


class IdentifyingModel(PythonModel):
    """Identifies what each row holds; a row whose music cannot be read has an `error`."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the bundle, with the checks that every bundle gets: nothing in it runs code."""
        identifier = Identifier.load(Path(context.artifacts["bundle"]))
        self.limited = LimitedIdentifier(identifier, Limits.from_environment())

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

        Raises:
            RefusedError: The request is over a limit: it has too many rows or bytes, too many others wait,
                it would take too long, or the music of its only row is over a limit.
        """
        limited = self.limited
        deadline = limited.limits.deadline()
        try:
            with limited.admission.place():
                _check_size(model_input, limited.limits)
                with limited.at_work(deadline):
                    return self._answers(model_input, deadline)
        except (OverLimitError, BusyError, DeadlineError) as error:
            raise RefusedError(error) from error

    def _answers(self, model_input: pd.DataFrame, deadline: Deadline) -> pd.DataFrame:
        # Not to_dict: MLflow drops columns that it does not know, and a row without any is a row still.
        count = len(model_input)
        cells = ({str(key): cell for key, cell in model_input.iloc[place].items()} for place in range(count))
        rows = [self._row(row, deadline, is_only=count == 1) for row in cells]
        return pd.DataFrame(rows, columns=list(OUTPUT_COLUMNS), dtype=object)

    def _row(self, row: dict[str, Any], deadline: Deadline, is_only: bool) -> dict[str, Any]:
        deadline.check()
        name = _text(row.get("name")) or _text(row.get("path"))
        try:
            with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
                verdict = self.limited.identify(Target(name, _file(row, name, Path(folder))))
        except DeadlineError:
            raise
        except OverLimitError as error:
            if is_only:
                raise
            verdict = Verdict(name, error=str(error))
        except Exception as error:  # the other rows are answered: no status 500
            verdict = Verdict(name, error=describe(error))
        plain = verdict.as_dict()
        nested = {key: json.dumps(plain[key], ensure_ascii=False) for key in NESTED}
        return {"name": name, **{key: plain[key] for key in OUTPUT_COLUMNS[1:]}, **nested}


def _check_size(model_input: pd.DataFrame, limits: Limits) -> None:
    """Refuse a request of too many rows or bytes. Raises OverLimitError."""
    limits.check_rows(len(model_input))
    if "content_base64" in model_input:
        letters = sum(len(_text(cell)) for cell in model_input["content_base64"])
        limits.check_bytes(int(BASE64_SHARE * letters))


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
