"""Several processes train one model: a batch is dealt to them like cards, and put together again."""

from __future__ import annotations

from typing import Any

import torch


def share_of(whole: Any, rank: int, ranks: int) -> Any:
    """The share of process `rank` in a batch: every `ranks`-th item, sizes differing by one at most."""
    return whole[rank::ranks]


def whole_of(share: torch.Tensor) -> torch.Tensor:
    """The batch, in its order, of which every process holds its share (n, …); itself in one process.

    Gradients flow back to the process that an item came from, summed over all processes: where each
    computes the loss of the whole batch, their mean, which data-parallel training takes, is the
    gradient of one process.
    """
    ranks = _ranks()
    if ranks == 1:
        return share
    from torch import distributed
    from torch.distributed.nn.functional import all_gather

    own = torch.tensor([len(share)], device=share.device)
    sizes = [torch.empty_like(own) for _ in range(ranks)]
    distributed.all_gather(sizes, own)
    counts = [int(size) for size in sizes]
    # Only equal sizes can be gathered; what is filled up ends at the end of the whole.
    filler = share.new_zeros((max(counts) - len(share), *share.shape[1:]))
    gathered = all_gather(torch.cat([share, filler]))
    return torch.stack(list(gathered), dim=1).flatten(0, 1)[: sum(counts)]


def follow_first(module: torch.nn.Module) -> None:
    """Every process takes the buffers of the first, whose model is kept.

    Weights are equal anyway; means and variances of batch normalisation are of each process's share.
    """
    if _ranks() > 1:
        for buffer in module.buffers():
            torch.distributed.broadcast(buffer, 0)


def _ranks() -> int:
    from torch import distributed

    running = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if running else 1
