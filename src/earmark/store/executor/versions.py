"""What a Dask cluster must have in common with this machine: package versions and earmark's source.

Results are kept under the version of the code here, so the code that makes them must be the same.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from earmark.foundation.closure import source_digest
from earmark.foundation.errors import EarmarkError
from earmark.foundation.libraries import library_versions

# Packages by which scheduler, workers and client talk.
PROTOCOL_PACKAGES = ("dask", "distributed", "cloudpickle", "numpy")
# Packages that results are made by: keys have the versions of this machine, and a worker must not differ.
RESULT_PACKAGES = ("scipy", "soxr", "soundfile", "onnxruntime", "torch", "music21", "pyfluidsynth")


@dataclass(frozen=True)
class Source:
    """What results are made by.

    Attributes:
        code: Digest of earmark's source.
        packages: Version of each of RESULT_PACKAGES, `none` where it is not installed.
    """

    code: str
    packages: dict[str, str]

    @classmethod
    def of_this_process(cls) -> Source:
        """What results of this process are made by."""
        return cls(source_digest(), library_versions(*RESULT_PACKAGES))

    def difference(self) -> str:
        """How this process differs, for a message; "" where it has the same."""
        here = Source.of_this_process()
        for package, wanted in self.packages.items():
            if wanted != here.packages[package]:
                return (
                    f"the worker on {socket.gethostname()} has {package} {here.packages[package]}, "
                    f"this machine {wanted}: install the same, with constraints.txt"
                )
        if self.code != here.code:
            return (
                f"the worker on {socket.gethostname()} has another earmark than this machine: "
                "give both the same commit"
            )
        return ""


def check_cluster(versions: Mapping[str, Any], address: str) -> None:
    """Compare the packages of scheduler and workers with those of the client.

    Args:
        versions: What `distributed.Client.get_versions` gives.
        address: Of the scheduler, for messages.

    Raises:
        EarmarkError: A package has another version there.
    """
    here = _packages_of(versions["client"])
    for where, process in {"the scheduler": versions["scheduler"], **versions["workers"]}.items():
        for package, version_there in _packages_of(process).items():
            if version_there != here[package]:
                raise EarmarkError(
                    f"executor=dask: {where} of {address} has {package} {version_there}, "
                    f"this machine {here[package]}: install the same, with constraints.txt"
                )


def _packages_of(process: Mapping[str, Any]) -> dict[str, str]:
    """Versions of PROTOCOL_PACKAGES and of Python, the latter without its last number."""
    packages = process["packages"]
    return {
        "python": ".".join(packages["python"].split(".")[:2]),
        **{name: str(packages.get(name)) for name in PROTOCOL_PACKAGES},
    }
