"""Compile MiniLM's weights into an int8 ONNX graph, pooling and normalising included.

Matrices of weights are int8, one scale per output column. Activations are int8 too, with one scale per
token, taken from that token alone. The usual dynamic quantisation takes one scale per batch, so a vector
would depend on its neighbours; here it does not. There is no padding and so no mask: texts of one batch have
one length, and attention takes its faster, blocked path. Built from the safetensors file: torch is not needed.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

_LAYERS, _HEADS, _HIDDEN = 6, 12, 384
_EPSILON = 1e-12  # layer normalisation, from the model's config.json
_INT8_MAX = 127.0
_MICROSOFT = "com.microsoft"

Array = NDArray[np.generic]


class _Graph:
    """Nodes and constants collected in the order of execution."""

    def __init__(self) -> None:
        self.nodes: list[object] = []
        self.constants: list[object] = []

    def constant(self, name: str, value: Array) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, inputs: list[str], outputs: str | list[str], **attributes: object) -> str:
        names = [outputs] if isinstance(outputs, str) else outputs
        self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names[0]


def compile_graph(weights: Path, target: Path) -> None:
    """Write the compiled graph.

    Args:
        weights: model.safetensors of a 6-layer, 384-dimensional BERT.
        target: file to write; input `input_ids` (b, s) int64 without padding, output `vector` (b, 384).
    """
    tensors = load_file(weights)
    graph = _Graph()
    hidden = _embed(graph, tensors)
    for layer in range(_LAYERS):
        hidden = _layer(graph, tensors, f"encoder.layer.{layer}", hidden)
    _pool(graph, hidden)
    onnx.save(_model(graph), target)


def _model(graph: _Graph) -> object:
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])
    vector = helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", _HIDDEN])
    body = helper.make_graph(graph.nodes, "minilm", [ids], [vector], graph.constants)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(_MICROSOFT, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=10, producer_name="citedesk")


def _embed(graph: _Graph, tensors: dict[str, Array]) -> str:
    words = np.asarray(tensors["embeddings.word_embeddings.weight"], dtype=np.float32)
    places = tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
    graph.add("Gather", [graph.constant("words", words), "input_ids"], "embedded_words")
    graph.add("Shape", ["input_ids"], "length", start=1, end=2)
    zero = graph.constant("zero", np.array([0]))
    graph.add("Slice", [graph.constant("places", places), zero, "length"], "embedded_places")
    graph.add("Add", ["embedded_words", "embedded_places"], "embedded")
    return _norm(graph, tensors, "embeddings.LayerNorm", "embedded")


def _layer(graph: _Graph, tensors: dict[str, Array], at: str, hidden: str) -> str:
    seen = _attention(graph, tensors, at, hidden)
    mixed = _dense(graph, tensors, f"{at}.attention.output.dense", seen)
    hidden = _add_norm(graph, tensors, f"{at}.attention.output.LayerNorm", hidden, mixed)
    wide = _dense(graph, tensors, f"{at}.intermediate.dense", hidden)
    graph.add("Gelu", [wide], f"{at}.gelu", domain=_MICROSOFT)
    narrow = _dense(graph, tensors, f"{at}.output.dense", f"{at}.gelu")
    return _add_norm(graph, tensors, f"{at}.output.LayerNorm", hidden, narrow)


def _attention(graph: _Graph, tensors: dict[str, Array], at: str, hidden: str) -> str:
    source, parts = f"{at}.attention.self", ("query", "key", "value")
    weight = np.concatenate([tensors[f"{source}.{part}.weight"] for part in parts])
    bias = np.concatenate([tensors[f"{source}.{part}.bias"] for part in parts])
    joined = _linear(graph, hidden, weight, bias, f"{at}.qkv")
    heads = [f"{at}.{part}" for part in parts]
    graph.add("Split", [joined], heads, axis=-1, num_outputs=3)
    return graph.add("MultiHeadAttention", heads, f"{at}.seen", domain=_MICROSOFT, num_heads=_HEADS)


def _dense(graph: _Graph, tensors: dict[str, Array], at: str, x: str) -> str:
    return _linear(graph, x, tensors[f"{at}.weight"], tensors[f"{at}.bias"], at)


def _linear(graph: _Graph, x: str, weight: Array, bias: Array, at: str) -> str:
    """x @ weight.T + bias in int8: each token is scaled by its own largest value."""
    columns = np.asarray(weight, dtype=np.float32).T
    scale = (np.abs(columns).max(axis=0) / _INT8_MAX).astype(np.float32)
    packed = np.round(columns / scale).astype(np.int8)
    unit = graph.constant(f"{at}.unit", np.array(1 / _INT8_MAX, np.float32))
    middle = graph.constant(f"{at}.middle", np.array(128, np.uint8))
    graph.add("Abs", [x], f"{at}.abs")
    graph.add("ReduceMax", [f"{at}.abs", graph.constant(f"{at}.axis", np.array([-1]))], f"{at}.max", keepdims=1)
    floor = graph.constant(f"{at}.floor", np.array(1e-9, np.float32))
    size = graph.add("Max", [f"{at}.max", floor], f"{at}.size")
    graph.add("Div", [x, size], f"{at}.scaled")
    graph.add("QuantizeLinear", [f"{at}.scaled", unit, middle], f"{at}.int8")
    columns_scale = graph.constant(f"{at}.columns", scale)
    zeros = graph.constant(f"{at}.zeros", np.zeros(len(scale), np.int8))
    graph.add(
        "MatMulIntegerToFloat",
        [f"{at}.int8", graph.constant(f"{at}.weight", packed), unit, columns_scale, middle, zeros],
        f"{at}.product",
        domain=_MICROSOFT,
    )
    graph.add("Mul", [f"{at}.product", size], f"{at}.rescaled")
    return graph.add("Add", [f"{at}.rescaled", graph.constant(f"{at}.bias", bias)], f"{at}.out")


def _norm(graph: _Graph, tensors: dict[str, Array], at: str, x: str) -> str:
    scale = graph.constant(f"{at}.weight", tensors[f"{at}.weight"])
    shift = graph.constant(f"{at}.bias", tensors[f"{at}.bias"])
    return graph.add("LayerNormalization", [x, scale, shift], f"{at}.out", axis=-1, epsilon=_EPSILON)


def _add_norm(graph: _Graph, tensors: dict[str, Array], at: str, x: str, y: str) -> str:
    return _norm(graph, tensors, at, graph.add("Add", [x, y], f"{at}.sum"))


def _pool(graph: _Graph, hidden: str) -> None:
    """Sum over the tokens, then unit length: the mean's divisor cancels in the normalising.

    A product with ones: a reduction adds in another order when a text is alone in its batch.
    """
    one = numpy_helper.from_array(np.ones(1, np.float32))
    graph.add("ConstantOfShape", ["length"], "pool.ones", value=one)
    graph.add("MatMul", ["pool.ones", hidden], "pool.sum")
    graph.add("LpNormalization", ["pool.sum"], "vector", axis=-1, p=2)
