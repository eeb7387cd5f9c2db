"""Clips through an encoder: the embeddings of whole pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from earmark.dataset.arrays import FeatureArrays
from earmark.dataset.clips import EvenClips

BATCH = 64  # clips embedded at a time


@dataclass(frozen=True)
class ClipGeometry:
    """Lengths of clips in frames. hop and most_clips are those of evaluation."""

    frames: int
    hop: int
    most_clips: int
    frame_rate_hz: float

    @classmethod
    def of(cls, dataset: Any, frame_rate_hz: float) -> ClipGeometry:
        """From the settings of `conf/dataset` and the front end's frame rate."""
        return cls(
            frames=max(round(dataset["clip_s"] * frame_rate_hz), 1),
            hop=max(round(dataset["evaluation_hop_s"] * frame_rate_hz), 1),
            most_clips=int(dataset["evaluation_max_clips"]),
            frame_rate_hz=frame_rate_hz,
        )


@dataclass(frozen=True)
class PieceEmbeddings:
    """Embeddings of the clips of pieces, in the pieces' order.

    clips: one (clips, dimensions) array a piece. starts_s: where its clips begin, seconds.
    """

    clips: list[np.ndarray]
    starts_s: list[np.ndarray]


def embed_pieces(encoder: torch.nn.Module, arrays: FeatureArrays, geometry: ClipGeometry) -> PieceEmbeddings:
    """Embed the evenly spaced clips of every piece."""
    clips = EvenClips(arrays, geometry.frames, geometry.hop, geometry.most_clips)
    device = next(encoder.parameters()).device
    encoder.eval()
    with torch.inference_mode():
        rows = [
            encoder(batch.to(device)).float().cpu().numpy()
            for batch, _ in DataLoader(clips, batch_size=BATCH)
        ]
    table = np.concatenate(rows) if rows else np.zeros((0, 0), dtype=np.float32)
    owner = np.array([index for index, _ in clips.places], dtype=np.int64)
    starts_s = np.array([start for _, start in clips.places]) / geometry.frame_rate_hz
    return PieceEmbeddings(
        clips=[table[owner == index] for index in range(len(arrays))],
        starts_s=[starts_s[owner == index] for index in range(len(arrays))],
    )
