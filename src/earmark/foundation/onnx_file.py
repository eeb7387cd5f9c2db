"""ONNX files: what one may hold before ONNX Runtime sees it, and the session that computes it.

An ONNX file is data, but it can name other files, operators of foreign libraries, and loops. What is loaded
here holds known operators on its own numbers, one after the other.

References:
    The format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.onnx_runtime import onnx_runtime

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# What the package's networks are exported to, and their nearest relatives; no control flow.
_OPERATORS = """
    Abs Add And AveragePool BatchNormalization Cast Clip Concat Constant ConstantOfShape Conv Div Dropout Elu
    Equal Erf Exp Expand Flatten Floor GRU Gather GatherElements Gelu Gemm GlobalAveragePool GlobalMaxPool
    Greater GreaterOrEqual Identity InstanceNormalization LSTM LayerNormalization LeakyRelu Less LessOrEqual
    Log LogSoftmax MatMul Max MaxPool Mean Min Mod Mul Neg Not OneHot Or PRelu Pad Pow RNN Range Reciprocal
    ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum Relu Reshape Round Shape Sigmoid
    Sign Slice Softmax Softplus Split Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze Where
"""
OPERATORS = frozenset(_OPERATORS.split())
OWN_DOMAINS = frozenset({"", "ai.onnx"})
# Numbers of the fields that are looked at, by message; lists are repeated, capitals name a message.
_FIELDS: dict[str, dict[str, tuple[int, str]]] = {
    "Tensor": {"external_data": (13, "[bytes]"), "data_location": (14, "int")},
    "Attribute": {
        "t": (5, "Tensor"),
        "g": (6, "bytes"),
        "tensors": (10, "[Tensor]"),
        "graphs": (11, "[bytes]"),
        "sparse_tensor": (22, "bytes"),
        "sparse_tensors": (23, "[bytes]"),
    },
    "Node": {"op_type": (4, "bytes"), "attribute": (5, "[Attribute]"), "domain": (7, "bytes")},
    "Graph": {
        "node": (1, "[Node]"),
        "initializer": (5, "[Tensor]"),
        "input": (11, "[bytes]"),
        "output": (12, "[bytes]"),
        "sparse_initializer": (15, "[bytes]"),
    },
    "Model": {"graph": (7, "Graph"), "training_info": (20, "[bytes]"), "functions": (25, "[bytes]")},
}


def check_onnx(content: bytes, most_bytes: int) -> None:
    """Refuse a file that is more than a plain network.

    Args:
        content: Of the file.
        most_bytes: Its size may be.

    Raises:
        ValueError: It is larger, is not ONNX, refers to other files, holds inner graphs or functions of its
            own, or asks for an operator that networks here do not need. The message says which.
    """
    if len(content) > most_bytes:
        raise ValueError(
            f"it has {len(content):,} bytes, more than the {most_bytes:,} that its weights explain"
        )
    from google.protobuf.message import DecodeError

    model = _model_class()()
    try:
        model.ParseFromString(content)
    except DecodeError as error:
        raise ValueError("it is not ONNX") from error
    graph = model.graph
    if not graph.node or len(graph.input) != 1 or len(graph.output) != 1:
        raise ValueError("it is not a network of one input and one output")
    if model.functions or model.training_info or graph.sparse_initializer:
        raise ValueError("it holds functions, sparse tensors or a training graph")
    for node in graph.node:
        operator, domain = (part.decode("utf-8", "replace") for part in (node.op_type, node.domain))
        if domain not in OWN_DOMAINS or operator not in OPERATORS:
            named = f"{domain}.{operator}" if domain else operator
            raise ValueError(f"it asks for the operator {named!r}, which no network here needs")
        for attribute in node.attribute:
            if any(attribute.HasField(name) for name in ("g", "sparse_tensor")) or (
                attribute.graphs or attribute.sparse_tensors
            ):
                raise ValueError(f"its operator {operator} holds a graph of its own, or sparse tensors")
    if any(tensor.external_data or tensor.data_location for tensor in _tensors(graph)):
        raise ValueError("it refers to numbers in another file")


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t


@cache
def _model_class() -> type[Any]:
    """The message that an ONNX file is, with the fields of _FIELDS; protobuf steps over all others."""
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message_factory import GetMessageClass

    file = FileDescriptorProto(name="earmark_onnx.proto", package="earmark_onnx", syntax="proto2")
    for message, fields in _FIELDS.items():
        described = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            inner = kind.strip("[]")
            field = described.field.add(name=name, number=number)
            repeated = kind.startswith("[")
            field.label = (
                FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
            )
            if inner in _FIELDS:
                field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".earmark_onnx.{inner}"
            else:
                is_bytes = inner == "bytes"
                field.type = FieldDescriptorProto.TYPE_BYTES if is_bytes else FieldDescriptorProto.TYPE_INT32
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("earmark_onnx.Model"))


def session_of(content: bytes) -> InferenceSession:
    """Load a network that `check_onnx` has passed.

    Args:
        content: Of the file.

    Returns:
        It computes on the GPU where this ONNX Runtime has one, else in one thread, so that an answer does not
        depend on the number of cores.

    Raises:
        EarmarkError: ONNX Runtime refuses it.
    """
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised
    available = onnxruntime.get_available_providers()
    providers = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in available]
    try:
        return onnxruntime.InferenceSession(content, options, providers=providers)
    except Exception as error:  # its classes have no common one
        raise EarmarkError(f"ONNX Runtime cannot load the network: {describe(error)}") from error
