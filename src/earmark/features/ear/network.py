"""The ear's network, for use: from stacked harmonics to how likely notes begin and sound, by ONNX Runtime.

One set of weights serves all pitches. Two convolutions gather partials and join the bands of a semitone,
residual blocks look along pitch and time by turns, and a head gives two logits for every pitch and frame.
Batch normalisation is folded into the weights. The network that is trained is `ear/model.py` of the
checkout, and `ear/export.py` makes the ONNX file of its weights; tests compare the three.

References:
    R. Bittner et al., "A lightweight instrument-agnostic model for polyphonic note transcription and
        multipitch estimation", ICASSP 2022.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from earmark.foundation.onnx_runtime import onnx_runtime

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WEIGHTS = Path(__file__).with_name("ear.safetensors")
MODEL = Path(__file__).with_name("ear.onnx")
# Kernels of the blocks (semitones, frames) and their dilation in time: neighbours and octaves by turns.
BLOCKS = (((3, 5), 1), ((25, 3), 1), ((3, 9), 1), ((25, 5), 1), ((3, 5), 3), ((5, 5), 1))
CONTEXT = 22  # frames on either side that an answer depends on


def session_of(model: bytes | Path) -> InferenceSession:
    """Load a network.

    Args:
        model: An ONNX file, or its bytes.

    Returns:
        It computes in one thread: files are heard in parallel, not their parts, and so an answer does not
        depend on the number of cores.
    """
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    content = model if isinstance(model, bytes) else model.read_bytes()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=1)
def trained() -> InferenceSession:
    """The network that is shipped."""
    return session_of(MODEL)


def logits(network: InferenceSession, stack: np.ndarray) -> np.ndarray:
    """Apply the network.

    Args:
        network: Of `session_of`.
        stack: What `spectrum.harmonic_stack` gives (batch, harmonics, 3 × pitches, frames).

    Returns:
        (batch, 2, pitches, frames): logits of a note's beginning, and of a note sounding.
    """
    (answer,) = network.run(None, {"stack": stack})
    return np.asarray(answer)
