"""Training that adds alike on every x86-64 processor: `trainer.reproducible=true`.

torch, oneDNN and MKL choose among routines by the processor, and sums of theirs end in other digits, which
training makes larger step by step. Each can be held to the routines that every processor has; that is slower.
"""

from __future__ import annotations

import os

from earmark.foundation.errors import EarmarkError

# Read by each library when it computes for the first time.
ROUTINES = {
    "ATEN_CPU_CAPABILITY": "default",  # torch's own loops
    "ONEDNN_MAX_CPU_ISA": "SSE41",  # convolutions
    "MKL_CBWR": "COMPATIBLE",  # products of matrices and Fourier transforms
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # which torch's deterministic algorithms ask for on a GPU
}


def pin_routines() -> None:
    """Hold this process, and those that it starts, to routines that every x86-64 processor has.

    Raises:
        EarmarkError: This process has computed by others before.
    """
    os.environ.update(ROUTINES)
    import torch

    torch.use_deterministic_algorithms(True)
    if torch.backends.cpu.get_cpu_capability() not in ("DEFAULT", "NO AVX"):
        settings = " ".join(f"{name}={value}" for name, value in ROUTINES.items())
        raise EarmarkError(
            "trainer.reproducible=true: this process has computed without it before: run it alone, or put "
            f"before the command: {settings}"
        )
