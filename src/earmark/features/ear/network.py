"""The ear's network, for use: from stacked harmonics to how likely notes begin and sound.

One set of weights serves all pitches. Two convolutions gather partials and join the bands of a semitone,
residual blocks look along pitch and time by turns, and a head gives two logits for every pitch and frame.
Batch normalisation is folded into the weights. The network that is trained is `ear/model.py` of the
checkout; a test compares the two.

References:
    R. Bittner et al., "A lightweight instrument-agnostic model for polyphonic note transcription and
        multipitch estimation", ICASSP 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.features.ear.spectrum import BANDS_PER_SEMITONE

if TYPE_CHECKING:
    import torch

WEIGHTS = Path(__file__).with_name("ear.safetensors")
# Kernels of the blocks (semitones, frames) and their dilation in time: neighbours and octaves by turns.
BLOCKS = (((3, 5), 1), ((25, 3), 1), ((3, 9), 1), ((25, 5), 1), ((3, 5), 3), ((5, 5), 1))
CONTEXT = 22  # frames on either side that an answer depends on


@lru_cache(maxsize=1)
def trained_weights() -> Mapping[str, torch.Tensor]:
    """The weights that are shipped."""
    from safetensors.torch import load_file

    return load_file(WEIGHTS)


def logits(weights: Mapping[str, torch.Tensor], stack: torch.Tensor) -> torch.Tensor:
    """Apply the network.

    Args:
        weights: Tensors by name, as in the shipped file.
        stack: What `spectrum.harmonic_stack` gives (batch, harmonics, 3 × pitches, frames).

    Returns:
        (batch, 2, pitches, frames): logits of a note's beginning, and of a note sounding.
    """
    import torch
    from torch.nn.functional import conv2d

    def convolve(name: str, maps: torch.Tensor, **arguments: object) -> torch.Tensor:
        return conv2d(maps, weights[f"{name}.weight"], weights[f"{name}.bias"], **arguments)  # pyright: ignore

    # Channels last, so that a point's channels are a row of a matrix; results go into memory that is there
    # already, since pages of new memory cost more time than the products.
    maps = stack.contiguous(memory_format=torch.channels_last)
    maps = convolve("partials", maps, padding=2).relu_()
    maps = convolve("semitones", maps, stride=(BANDS_PER_SEMITONE, 1), padding=(0, 1)).relu_()
    points = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
    wide = points.new_empty(len(points), len(weights["blocks.0.widen.bias"]))
    for number, ((pitches, frames), dilation) in enumerate(BLOCKS):
        name = f"blocks.{number}"
        inner = convolve(
            f"{name}.depthwise",
            maps,
            padding=(pitches // 2, frames // 2 * dilation),
            dilation=(1, dilation),
            groups=maps.shape[1],
        )
        inner = inner.permute(0, 2, 3, 1).reshape(points.shape)
        widen, narrow = (weights[f"{name}.{part}.weight"].flatten(1).T for part in ("widen", "narrow"))
        torch.addmm(weights[f"{name}.widen.bias"], inner, widen, out=wide).relu_()
        points.addmm_(wide, narrow).add_(weights[f"{name}.narrow.bias"])
        maps = points.view(maps.shape[0], *maps.shape[2:], -1).permute(0, 3, 1, 2)
    scale, shift = weights["head_norm.weight"], weights["head_norm.bias"]
    maps = maps.mul_(scale[:, None, None]).add_(shift[:, None, None]).relu_()
    return convolve("head", maps, padding=(0, 1))
