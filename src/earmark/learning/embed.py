"""Clips through an encoder: the embeddings of whole pieces."""

from __future__ import annotations

import numpy as np
import torch

from earmark.decisions.embeddings import PieceEmbeddings
from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.clip_datasets import EvenClips
from earmark.music.clip_geometry import ClipGeometry

BATCH = 64  # clips embedded at a time


def embed_pieces(encoder: torch.nn.Module, arrays: FeatureArrays, geometry: ClipGeometry) -> PieceEmbeddings:
    """Embed the evenly spaced clips of every piece.

    Args:
        encoder: From clips (batch, channels, bands, frames) to (batch, dimensions), on the device that holds
            its weights. It is left in evaluation mode.
        arrays: Features of the pieces.
        geometry: Length and spacing of the clips.

    Returns:
        Embeddings and starts of the clips, piece by piece in the order of `arrays`.
    """
    if not len(arrays):
        return PieceEmbeddings([], [])
    clips = EvenClips(arrays, geometry.frames, geometry.hop, geometry.most_clips)
    device = next(iter(encoder.state_dict().values())).device
    encoder.eval()
    with torch.inference_mode():
        rows = [encoder(batch.to(device)).float().cpu().numpy() for batch, _ in clips.loader(BATCH)]
    piece_of_clip = np.array([index for index, _ in clips.places], dtype=np.int64)  # in rising order
    first_clips = np.searchsorted(piece_of_clip, np.arange(1, len(arrays)))
    starts_s = np.array([start for _, start in clips.places]) / geometry.frame_rate_hz
    return PieceEmbeddings(np.split(np.concatenate(rows), first_clips), np.split(starts_s, first_clips))
