"""ONNX Runtime, imported on first use and without its telemetry."""

from __future__ import annotations

import os
from types import ModuleType


def onnx_runtime() -> ModuleType:
    """The module `onnxruntime`.

    Since 1.32 it keeps events in the user's cache folder and a session file in the temporary one from the
    moment of its import, unless `ORT_DISABLE_TELEMETRY` is set; what the user has set stays.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime
