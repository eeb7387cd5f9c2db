"""The ear's network as it is trained, with batch normalisation."""

from __future__ import annotations

import torch
from torch import nn

from earmark.features.ear.network import BLOCKS
from earmark.features.ear.spectrum import BANDS_PER_SEMITONE, HARMONICS


class Block(nn.Module):
    """A depthwise convolution over pitch and time, then a small network at each point, added to the input."""

    def __init__(self, channels: int, kernel: tuple[int, int], dilation: int) -> None:
        super().__init__()
        pitches, frames = kernel
        self.depthwise = nn.Conv2d(
            channels,
            channels,
            kernel,
            padding=(pitches // 2, frames // 2 * dilation),
            dilation=(1, dilation),
            groups=channels,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(channels)
        self.widen, self.narrow = nn.Conv2d(channels, 2 * channels, 1), nn.Conv2d(2 * channels, channels, 1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(batch, channels, pitches, frames) to the same shape."""
        return maps + self.narrow(torch.relu(self.widen(self.norm(self.depthwise(maps)))))


class EarNetwork(nn.Module):
    """From `spectrum.harmonic_stack` to logits (batch, 2, pitches, frames): a note begins, a note sounds.

    Args:
        channels: Maps before the bands of a semitone are joined; twice as many after.
    """

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        wide = 2 * channels
        self.partials = nn.Conv2d(len(HARMONICS), channels, 5, padding=2, bias=False)
        self.partials_norm = nn.BatchNorm2d(channels)
        self.semitones = nn.Conv2d(
            channels, wide, 3, stride=(BANDS_PER_SEMITONE, 1), padding=(0, 1), bias=False
        )
        self.semitones_norm = nn.BatchNorm2d(wide)
        self.blocks = nn.Sequential(*(Block(wide, kernel, dilation) for kernel, dilation in BLOCKS))
        self.head_norm = nn.BatchNorm2d(wide)
        self.head = nn.Conv2d(wide, 2, (1, 3), padding=(0, 1))

    def forward(self, stack: torch.Tensor) -> torch.Tensor:
        """(batch, harmonics, 3 × pitches, frames) to logits."""
        maps = torch.relu(self.partials_norm(self.partials(stack)))
        maps = torch.relu(self.semitones_norm(self.semitones(maps)))
        return self.head(torch.relu(self.head_norm(self.blocks(maps))))

    def folded(self) -> dict[str, torch.Tensor]:
        """The weights that `ear.export` takes: normalisation folded in, float32."""
        weights = {
            **_folded("partials", self.partials, self.partials_norm),
            **_folded("semitones", self.semitones, self.semitones_norm),
            "head.weight": self.head.weight,
            "head.bias": _given(self.head.bias),
        }
        scale, shift = _scale_and_shift(self.head_norm)
        weights |= {"head_norm.weight": scale, "head_norm.bias": shift}
        for number, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            name = f"blocks.{number}"
            weights |= _folded(f"{name}.depthwise", block.depthwise, block.norm)
            for part in ("widen", "narrow"):
                convolution = getattr(block, part)
                weights[f"{name}.{part}.weight"] = convolution.weight
                weights[f"{name}.{part}.bias"] = convolution.bias
        return {name: tensor.detach().float().contiguous().clone() for name, tensor in weights.items()}


def _given(tensor: torch.Tensor | None) -> torch.Tensor:
    assert tensor is not None
    return tensor


def _scale_and_shift(norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """What a batch normalisation does in use: y = scale × x + shift."""
    scale = norm.weight / torch.sqrt(_given(norm.running_var) + norm.eps)
    return scale, norm.bias - _given(norm.running_mean) * scale


def _folded(name: str, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> dict[str, torch.Tensor]:
    """Weight and bias of a convolution that does what it and the normalisation after it do."""
    scale, shift = _scale_and_shift(norm)
    return {f"{name}.weight": convolution.weight * scale[:, None, None, None], f"{name}.bias": shift}
