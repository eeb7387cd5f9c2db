"""Clips through an encoder: the embeddings of whole pieces."""

from __future__ import annotations

import numpy as np
import torch

from earmark.decisions.embeddings import PieceEmbeddings
from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.clips import EvenClips
from earmark.music.clips import ClipGeometry

BATCH = 64  # clips embedded at a time


def embed_pieces(encoder: torch.nn.Module, arrays: FeatureArrays, geometry: ClipGeometry) -> PieceEmbeddings:
    """Embed the evenly spaced clips of every piece."""
    clips = EvenClips(arrays, geometry.frames, geometry.hop, geometry.most_clips)
    device = next(iter(encoder.state_dict().values())).device
    encoder.eval()
    with torch.inference_mode():
        rows = [encoder(batch.to(device)).float().cpu().numpy() for batch, _ in clips.loader(BATCH)]
    table = np.concatenate(rows) if rows else np.zeros((0, 0), dtype=np.float32)
    owner = np.array([index for index, _ in clips.places], dtype=np.int64)  # in rising order
    begins = np.searchsorted(owner, np.arange(1, len(arrays)))
    starts_s = np.array([start for _, start in clips.places]) / geometry.frame_rate_hz
    if not len(arrays):
        return PieceEmbeddings([], [])
    return PieceEmbeddings(np.split(table, begins), np.split(starts_s, begins))
