"""The ear's weights as an ONNX file: `python -m ear.export [WEIGHTS MODEL]`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper
from safetensors.numpy import load_file

from earmark.features.ear.network import BLOCKS, MODEL, WEIGHTS
from earmark.features.ear.spectrum import BANDS_PER_SEMITONE, HARMONICS, PITCHES
from earmark.foundation.atomic import write_bytes

OPSET, IR_VERSION = 17, 8  # of 2022: what old versions of ONNX Runtime read, too


def model_of(weights: Mapping[str, np.ndarray]) -> ModelProto:
    """Make the graph.

    Args:
        weights: Arrays by name, as `ear.model.EarNetwork.folded` gives them.
    """
    nodes, constants = [], {}

    def convolve(name: str, maps: str, **attributes: object) -> str:
        for part in ("weight", "bias"):
            constants[f"{name}.{part}"] = weights[f"{name}.{part}"]
        inputs = [maps, f"{name}.weight", f"{name}.bias"]
        nodes.append(helper.make_node("Conv", inputs, [f"{name}.out"], **attributes))
        return f"{name}.out"

    def apply(operator: str, *inputs: str) -> str:
        output = f"{operator}.{len(nodes)}"
        nodes.append(helper.make_node(operator, list(inputs), [output]))
        return output

    maps = apply("Relu", convolve("partials", "stack", pads=[2, 2, 2, 2]))
    maps = convolve("semitones", maps, strides=[BANDS_PER_SEMITONE, 1], pads=[0, 1, 0, 1])
    maps = apply("Relu", maps)
    for number, ((pitches, frames), dilation) in enumerate(BLOCKS):
        name = f"blocks.{number}"
        rows, columns = pitches // 2, frames // 2 * dilation
        pads = {"pads": [rows, columns, rows, columns], "dilations": [1, dilation]}
        inner = convolve(f"{name}.depthwise", maps, **pads, group=len(weights[f"{name}.depthwise.bias"]))
        wide = apply("Relu", convolve(f"{name}.widen", inner))
        maps = apply("Add", maps, convolve(f"{name}.narrow", wide))
    for part in ("weight", "bias"):
        constants[f"head_norm.{part}"] = weights[f"head_norm.{part}"][:, None, None]
    maps = apply("Add", apply("Mul", maps, "head_norm.weight"), "head_norm.bias")
    answer = convolve("head", apply("Relu", maps), pads=[0, 1, 0, 1])
    shape = ["batch", len(HARMONICS), PITCHES * BANDS_PER_SEMITONE, "frames"]
    graph = helper.make_graph(
        nodes,
        "ear",
        [helper.make_tensor_value_info("stack", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(answer, TensorProto.FLOAT, ["batch", 2, PITCHES, "frames"])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(model, full_check=True)
    return model


def main(weights: Path = WEIGHTS, model: Path = MODEL) -> None:
    """Write the file."""
    write_bytes(model, model_of(load_file(weights)).SerializeToString(deterministic=True))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
