# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Networks of one layer as ONNX files, whose output a reader can work out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Axes = Sequence[int | str]


def pointwise(
    path: Path,
    weights: Sequence[Sequence[float]],
    bias: Sequence[float] | None = None,
    size: Axes = (8, 8),
    *,
    stride: int = 1,
    end: str = "",
    channels_last: bool = False,
    added: np.ndarray | None = None,
) -> Path:
    """Write a network whose scores at a pixel are ``weights @ rgb + bias``.

    Args:
        path: Where to.
        weights: ``(K, 3)``.
        bias: ``(K,)``, None for zeros.
        size: Rows and columns of the input; text for a free axis.
        stride: Of the output.
        end: What comes behind: "", Softmax, or ArgMax, which gives ``(1, h, w) int64``.
        channels_last: Whether input and output are ``(1, height, width, channels)``.
        added: ``(1, K, h, w)`` that is added to the scores.
    """
    kernel = np.asarray(weights, dtype=np.float32)[:, :, None, None]
    offset = np.zeros(len(kernel)) if bias is None else np.asarray(bias)
    constants = {"kernel": kernel, "offset": offset.astype(np.float32)}
    nodes, last = [], "image"

    def then(kind: str, *others: str, **attributes: object) -> None:
        nonlocal last
        name = f"{kind}_{len(nodes)}"
        nodes.append(helper.make_node(kind, [last, *others], [name], **attributes))
        last = name

    if channels_last:
        then("Transpose", perm=[0, 3, 1, 2])
    then("Conv", "kernel", "offset", strides=[stride, stride])
    if added is not None:
        constants["added"] = np.asarray(added, dtype=np.float32)
        then("Add", "added")
    if end == "Softmax":
        then("Softmax", axis=1)
    if end == "ArgMax":
        then("ArgMax", axis=1, keepdims=0)
    elif channels_last:
        then("Transpose", perm=[0, 2, 3, 1])
    nodes[-1].output[0] = "scores"
    shape = [1, *size, 3] if channels_last else [1, 3, *size]
    kind = TensorProto.INT64 if end == "ArgMax" else TensorProto.FLOAT
    return write(
        path,
        nodes,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", kind, [None] * (3 if end == "ArgMax" else 4))],
        constants,
    )


def constant(path: Path, probabilities: Sequence[float], size: Axes = (8, 8)) -> Path:
    """Write a network that gives every pixel of every image the same probabilities."""
    nothing = np.zeros((len(probabilities), 3))
    return pointwise(path, nothing, probabilities, size)


def write(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    constants: dict[str, np.ndarray] | None = None,
) -> Path:
    """Write a graph."""
    weights = [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()]
    graph = helper.make_graph(nodes, "teacher", inputs, outputs, weights)
    # Old enough for every ONNX Runtime that is allowed.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path
