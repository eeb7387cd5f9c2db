"""Front ends as worker processes run them."""

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """One thread, as `extract` has it: on a busy machine, many of them wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
