"""What an ONNX file may hold before it is loaded."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from earmark.foundation.errors import EarmarkError
from earmark.foundation.onnx_file import check_onnx, session_of

PLENTY = 1 << 20


def graph_of(nodes, initializers=(), inputs=1, **more):
    values = [helper.make_tensor_value_info(f"x{n}", TensorProto.FLOAT, [1, 3]) for n in range(inputs)]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])
    return helper.make_graph(nodes, "network", values, [output], list(initializers), **more)


def model_of(graph, **more):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.contrib", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **more)


def scaled():
    """Y = 2 x."""
    factor = numpy_helper.from_array(np.full((1, 3), 2, np.float32), "factor")
    return graph_of([helper.make_node("Mul", ["x0", "factor"], ["y"])], [factor])


def elsewhere():
    """As `scaled`, its factor in another file."""
    graph = scaled()
    tensor = graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return graph


def elsewhere_in_an_operator():
    tensor = elsewhere().initializer[0]
    tensor.data_location = TensorProto.DEFAULT  # which alone would not make it a number of this file
    constant = helper.make_node("Constant", [], ["factor"], value=tensor)
    return graph_of([constant, helper.make_node("Mul", ["x0", "factor"], ["y"])])


def branching():
    branch = graph_of([helper.make_node("Identity", ["x0"], ["y"])], inputs=0)
    node = helper.make_node("Identity", ["x0"], ["y"], body=branch)
    return graph_of([node])


def test_a_network_is_let_in_and_computes():
    content = model_of(scaled()).SerializeToString()
    check_onnx(content, len(content))
    (answer,) = session_of(content).run(None, {"x0": np.ones((1, 3), np.float32)})
    assert np.asarray(answer).tolist() == [[2, 2, 2]]


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (elsewhere(), "refers to numbers in another file"),
        (elsewhere_in_an_operator(), "refers to numbers in another file"),
        (branching(), "holds a graph of its own"),
        (graph_of([helper.make_node("Loop", ["x0"], ["y"])]), "operator 'Loop'"),
        (
            graph_of([helper.make_node("PyOp", ["x0"], ["y"], domain="ai.onnx.contrib")]),
            "'ai.onnx.contrib.PyOp'",
        ),
        (
            graph_of([helper.make_node("Relu", ["x0"], ["y"], domain="com.microsoft")]),
            "'com.microsoft.Relu'",
        ),
        (graph_of([helper.make_node("Add", ["x0", "x1"], ["y"])], inputs=2), "one input and one output"),
        (graph_of([]), "not a network"),
    ],
)
def test_what_is_more_than_a_network_is_refused(graph, reason):
    with pytest.raises(ValueError, match=reason):
        check_onnx(model_of(graph).SerializeToString(), PLENTY)


def test_functions_of_its_own_are_refused():
    function = helper.make_function(
        "own", "Relu", ["x"], ["y"], [helper.make_node("Abs", ["x"], ["y"])], [helper.make_opsetid("", 17)]
    )
    with pytest.raises(ValueError, match="functions"):
        check_onnx(model_of(scaled(), functions=[function]).SerializeToString(), PLENTY)


def test_what_is_larger_than_its_weights_explain_is_refused():
    content = model_of(scaled()).SerializeToString()
    with pytest.raises(ValueError, match="more than the 10 that its weights explain"):
        check_onnx(content, 10)


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not a network at all", b"\x3a\xff\xff\xff\x0f"])
def test_other_bytes_are_refused(content):
    with pytest.raises(ValueError, match=r"it is not (ONNX|a network)"):
        check_onnx(content, PLENTY)


def test_what_onnx_runtime_refuses_is_one_line():
    wrong = graph_of([helper.make_node("Mul", ["x0", "absent"], ["y"])])
    with pytest.raises(EarmarkError, match="cannot load the network") as caught:
        session_of(model_of(wrong).SerializeToString())
    assert "\n" not in str(caught.value)
