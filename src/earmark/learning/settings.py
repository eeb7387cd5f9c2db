"""Settings of a training: the section trainer of a config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class TrainerSettings:
    """Where and how long to train; `conf/trainer/` says what each value means.

    devices: a number, `auto`, -1, or GPUs as `0,1` or a list. features_on_device: `auto`, true or false.
    optimizer: `_target_` and settings.
    """

    accelerator: str
    devices: Any
    num_nodes: int
    sync_batchnorm: bool
    precision: str
    compile: bool
    features_on_device: Any
    features_memory_share: float
    max_epochs: int
    max_steps: int
    patience: int
    keep: str
    threads: int
    seed: int
    optimizer: dict[str, Any]
