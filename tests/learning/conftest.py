"""Settings of trainings for tests."""

from dataclasses import replace

import pytest

from earmark.learning.settings import TrainerSettings

ONE_CPU = TrainerSettings(
    accelerator="cpu",
    devices=1,
    num_nodes=1,
    sync_batchnorm=False,
    precision="32-true",
    compile=False,
    features_on_device="auto",
    features_memory_share=0.5,
    max_epochs=3,
    max_steps=-1,
    patience=10,
    reproducible=False,
    keep="best",
    threads=1,
    seed=0,
    optimizer={},
)


@pytest.fixture
def trainer_settings():
    """A maker of settings of a short training in one process; keywords change them."""
    return lambda **changes: replace(ONE_CPU, **changes)
