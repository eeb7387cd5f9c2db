"""Settings of a training: the section trainer of a config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class TrainerSettings:
    """Where and how long to train.

    Attributes:
        accelerator: `auto`, `cpu`, `gpu`, `cuda` or `mps`.
        devices: A number, `auto`, -1, or GPUs as `0,1` or a list; Any, as OmegaConf knows no such union.
        num_nodes: Machines that train together.
        sync_batchnorm: Whether batch normalisation is over the batches of all GPUs.
        precision: One of `earmark.learning.devices.PRECISIONS`.
        compile: Whether the network is trained by torch.compile.
        features_on_device: `auto`, true or false; see `earmark.learning.dataset.resident.fits`.
        features_memory_share: Of a device's free memory, what features may take under `auto`.
        max_epochs: Epochs; -1 for no bound but `max_steps`.
        max_steps: Optimisation steps; -1 for no bound but `max_epochs`.
        patience: Epochs without a better validation score before training stops.
        reproducible: Whether processors of different kinds are to give the same; see
            `earmark.learning.reproducible`.
        keep: Which epoch's weights are kept: `best` or `last`.
        threads: CPU threads.
        seed: Of weights, batches, clips and dropout.
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
    reproducible: bool
    keep: str
    threads: int
    seed: int
    optimizer: dict[str, Any]
