"""Settings of a training that a test can afford."""

import pytest

from earmark.learning.settings import TrainerSettings


@pytest.fixture
def trainer_settings():
    """Trainer settings, one process on a CPU; keywords replace them."""

    def of(**settings):
        return TrainerSettings(
            **{
                **{"accelerator": "cpu", "devices": 1, "num_nodes": 1, "sync_batchnorm": False},
                **{"precision": "32-true", "compile": False, "threads": 1, "seed": 0},
                **{"features_on_device": "auto", "features_memory_share": 0.5},
                **{"max_epochs": 3, "max_steps": -1, "patience": 10, "keep": "best", "optimizer": {}},
                **settings,
            }
        )

    return of
