"""Several processes train one model: each takes a share of every batch; shares are put together again."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch

Items = TypeVar("Items", range, list[int], np.ndarray, torch.Tensor)


def share_of(whole: Items, rank: int, ranks: int) -> Items:
    """The share of a process in a batch: every `ranks`-th item, so that sizes differ by one at most.

    Args:
        whole: The items of the batch, along the first axis.
        rank: Number of the process, from 0.
        ranks: Number of processes.

    Returns:
        Items `rank`, `rank + ranks`, `rank + 2 ranks`, …
    """
    return whole[rank::ranks]


def whole_of(share: torch.Tensor) -> torch.Tensor:
    """The batch, in its order, of which every process holds its share.

    Gradients flow back to the process that an item came from, summed over all processes: where each
    computes the loss of the whole batch, their mean, which data-parallel training takes, is the
    gradient of one process.

    Args:
        share: Items of this process (n, …), as `share_of` gives them.

    Returns:
        The items of all processes (m, …); `share` itself where there is one process.
    """
    ranks = _ranks()
    if ranks == 1:
        return share
    from torch import distributed
    from torch.distributed.nn.functional import all_gather

    size = torch.tensor([len(share)], device=share.device)
    sizes = [torch.empty_like(size) for _ in range(ranks)]
    distributed.all_gather(sizes, size)
    counts = [int(count) for count in sizes]
    # Only equal sizes can be gathered; the padding comes last in the whole and is cut off.
    padding = share.new_zeros((max(counts) - len(share), *share.shape[1:]))
    gathered = all_gather(torch.cat([share, padding]))
    return torch.stack(list(gathered), dim=1).flatten(0, 1)[: sum(counts)]


def follow_first(module: torch.nn.Module) -> None:
    """Give every process the buffers of the first, whose model is kept.

    Weights are equal anyway; means and variances of batch normalisation are of each process's share.

    Args:
        module: Its buffers are overwritten in all processes but the first.
    """
    if _ranks() > 1:
        for buffer in module.buffers():
            torch.distributed.broadcast(buffer, 0)


def _ranks() -> int:
    """Number of processes that train together."""
    from torch import distributed

    running = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if running else 1
