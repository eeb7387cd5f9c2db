"""Importing packages that print when they are imported: what a command prints belongs to its user."""

import contextlib
import importlib
import io
from types import ModuleType


def quiet_import(name: str) -> ModuleType:
    """The module called `name`, imported without a word. Raises what its import raises.

    pyfluidsynth, and so pretty_midi, say on standard output where the library was found if `CI` is set.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        return importlib.import_module(name)
