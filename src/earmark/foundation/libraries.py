"""What a result may depend on besides settings and code: versions of libraries, and how a processor adds."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

# Instructions by which ONNX Runtime and the MP3 decoder choose how they compute, the best first.
INSTRUCTIONS = ("AVX512F", "FMA3", "AVX")
ABSENT = "none"


@cache
def library_versions(*packages: str) -> dict[str, str]:
    """Versions of installed packages by name, `none` for one that is not installed."""
    return {package: _version(package) for package in packages}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ABSENT


@cache
def processor_kernel() -> str:
    """The way in which this processor computes, for example `x86_64 AVX512F`.

    Libraries that choose among routines by it give sums whose last digits differ from one to another.
    """
    from numpy._core._multiarray_umath import __cpu_features__ as has

    best = next((name for name in INSTRUCTIONS if has.get(name)), "")
    return f"{platform.machine()} {best}".strip()
