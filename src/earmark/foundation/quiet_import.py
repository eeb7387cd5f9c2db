"""Import packages that print when they are imported: a command prints its own output alone."""

import contextlib
import importlib
import io
from types import ModuleType


def quiet_import(name: str) -> ModuleType:
    """The module called `name`; what its import prints on standard output is dropped.

    Where `CI` is set, pyfluidsynth, and so pretty_midi, print the path of the library.

    Raises:
        Exception: Whatever the import raises.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        return importlib.import_module(name)
