"""Where a training runs: how many processes, on how many machines, and what their devices can do."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys

from earmark.foundation.errors import EarmarkError
from earmark.learning.settings import TrainerSettings

# Lightning's others keep the weights themselves in half or double precision; a bundle holds float32.
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")

MALLOC_TRIM_THRESHOLD, MALLOC_MMAP_MAX = -1, -4


def process_count(trainer: TrainerSettings) -> int:
    """Processes that train together on all machines: one for each device."""
    return device_count(trainer) * trainer.num_nodes


def device_count(trainer: TrainerSettings) -> int:
    """Devices of this machine that trainer.devices asks for: a number, `auto`, -1 or `0,1`.

    Args:
        trainer: Settings of conf/trainer.

    Raises:
        EarmarkError: The setting is none of these, or asks for more than this machine has.
    """
    import torch

    available = torch.cuda.device_count() if _on_cuda(trainer.accelerator) else 1
    devices = trainer.devices
    if devices in ("auto", -1, "-1"):
        return available
    try:
        if isinstance(devices, str) and "," in devices:
            count = len([int(number) for number in devices.split(",") if number])
        else:
            count = int(devices) if isinstance(devices, (int, str)) else len(devices)
    except (TypeError, ValueError):
        count = 0
    if count < 1:
        raise EarmarkError(f"trainer.devices={devices}: must be a number, auto, or GPUs like '0,1'")
    if _on_cuda(trainer.accelerator) and count > available:
        plural = "s" if available != 1 else ""
        raise EarmarkError(f"trainer.devices={devices}: this machine has {available} GPU{plural}")
    return count


def node_rank(trainer: TrainerSettings) -> int:
    """Which of several machines this is; 0 is the one that keeps the model."""
    return int(os.environ.get("NODE_RANK", "0")) if trainer.num_nodes > 1 else 0


def check_devices(trainer: TrainerSettings) -> None:
    """Refuse what this machine's devices cannot do, which Lightning would say later.

    Args:
        trainer: Settings of conf/trainer.

    Raises:
        EarmarkError: Accelerator, devices, precision or compiler are not to be had here.
    """
    import torch

    name, cuda, mps = trainer.accelerator, torch.cuda.is_available(), torch.backends.mps.is_available()
    available = {"gpu": cuda or mps, "cuda": cuda, "mps": mps}
    if not available.get(name, True):
        raise EarmarkError(
            f"trainer.accelerator={name}: this machine has none; trainer=auto takes what there is"
        )
    several = process_count(trainer) > 1
    kind = "cuda" if _on_cuda(name) else "mps" if mps and name in ("auto", "gpu", "mps") else "cpu"
    if several and kind == "mps":
        raise EarmarkError("trainer.devices: several processes cannot share an Apple GPU: trainer=mps")
    if several and trainer.sync_batchnorm and kind == "cpu":
        raise EarmarkError("trainer.sync_batchnorm=true: torch has it for GPUs only: false for CPUs")
    if trainer.precision not in PRECISIONS:
        raise EarmarkError(f"trainer.precision={trainer.precision}: must be one of {', '.join(PRECISIONS)}")
    if trainer.precision == "16-mixed" and kind == "cpu":
        raise EarmarkError("trainer.precision=16-mixed: for GPUs only; a CPU has bf16-mixed")
    if trainer.precision == "bf16-mixed" and kind == "cuda" and not torch.cuda.is_bf16_supported(False):
        raise EarmarkError("trainer.precision=bf16-mixed: this GPU has no bf16: 16-mixed or 32-true")
    compiler = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    if trainer.compile and not shutil.which(compiler):
        raise EarmarkError(f"trainer.compile=true needs a C++ compiler, and {compiler} is not installed")


def keep_freed_memory() -> None:
    """Keep freed memory of tensors in this process, for those of the next training step.

    glibc gives every block of some megabytes back to the system, which fills it with zeros for the next
    one: a fifth of a training step. With other C libraries nothing happens. Numbers are those of <malloc.h>.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MALLOC_MMAP_MAX, 0)
        mallopt(MALLOC_TRIM_THRESHOLD, 2**31 - 1)


def _on_cuda(accelerator: str) -> bool:
    import torch

    return accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available()
