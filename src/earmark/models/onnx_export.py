"""A network as ONNX, which computes what it computes in torch."""

from __future__ import annotations

import io
import warnings

import numpy as np
import torch
from torch import nn

from earmark.foundation.errors import describe
from earmark.foundation.onnx_file import check_onnx, session_of

OPSET = 17  # of the operators; ONNX Runtime 1.20 and later have it
BOUND = 1e-4  # largest difference from torch, as a share of the largest output
INPUT, OUTPUT = "clips", "outputs"
MOST_BYTES = 1 << 31  # what protobuf can hold


class NotExported(Exception):
    """A network has no equal in ONNX; the message says why."""


def exported(network: nn.Module, clips: np.ndarray) -> bytes:
    """Export a network for one clip at a time, and compare it with torch.

    A fixed size is what the exporter that traces a run gets right for every network here. A batch of any
    size would be wrong for those that look at its length.

    Args:
        network: In evaluation mode, on the CPU.
        clips: Real ones (n, channels, bands, frames), float32, to compare by.

    Returns:
        The ONNX file.

    Raises:
        NotExported: torch cannot export it, or the outputs differ by more than BOUND.
    """
    file, sample = io.BytesIO(), torch.from_numpy(clips[:1])
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # of shapes that are taken for constants: they are
            expected = network(torch.from_numpy(clips)).numpy()
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (sample,),
                file,  # pyright: ignore[reportArgumentType]  (the exporter that traces writes to files, too)
                dynamo=False,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
            )
        content = file.getvalue()
        check_onnx(content, MOST_BYTES)
        session = session_of(content)
        outputs = np.concatenate([np.asarray(session.run(None, {INPUT: clip[None]})[0]) for clip in clips])
    except Exception as error:
        raise NotExported(describe(error)) from error
    largest = float(np.abs(expected).max())
    difference = float(np.abs(outputs - expected).max()) / max(largest, 1e-30)
    if not difference <= BOUND:
        raise NotExported(f"its outputs differ from torch by {difference:.1e} of the largest")
    return content
