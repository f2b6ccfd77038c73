# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A simplified network as an ONNX graph, written so that ONNX Runtime stays in its fast layout.

Made for running at once, not for giving away (``lwrf export`` is): every size is fixed, and the
ReLU6 behind a sum is written as a depthwise 1x1 of ones with a Clip. ONNX Runtime clips inside a
convolution, but a Clip of its own throws it out of its blocked layout and back, over the largest
tensors of the network.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import fx, nn
from torch.nn import functional

from lwrf_ros.errors import LwrfError

INPUT = "image"
OUTPUT = "logits"
# One value to one value, whatever the shape: ONNX' name, and its attributes.
_ELEMENTWISE: dict[Any, tuple[str, dict[str, float]]] = {
    nn.ReLU: ("Relu", {}),
    functional.relu: ("Relu", {}),
    torch.relu: ("Relu", {}),
    nn.Sigmoid: ("Sigmoid", {}),
    torch.sigmoid: ("Sigmoid", {}),
    nn.Hardswish: ("HardSwish", {}),
    functional.hardswish: ("HardSwish", {}),
    nn.Hardsigmoid: ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    functional.hardsigmoid: ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
}
# What every ONNX Runtime of the last years reads.
_OPSET = 17
_IR_VERSION = 8


def build_graph(network: nn.Module, size: tuple[int, int]) -> onnx.ModelProto:
    """Return a network as ONNX, for one image of one size.

    Args:
        network: A network of `simplify` with float32 weights on the CPU.
        size: ``(height, width)`` of its input in pixels.

    Returns:
        The model: `INPUT` ``(1, 3, height, width) float32`` to `OUTPUT`, the logits.

    Raises:
        LwrfError: If the network holds an operation that is not known here.
    """
    writer = _Writer(fx.symbolic_trace(network), size)
    try:
        writer.write()
    except NotImplementedError as error:
        raise LwrfError(
            f"the network computes {error}, which the engine on a CPU cannot run; wanted one of "
            "the operations that docs/backbones.md lists: rewrite the encoder with these, or add "
            "the operation to lwrf_ros/segmentation/onnx_graph.py"
        ) from error
    return writer.model()


class _Writer:
    """Goes through a traced network and writes a node for every step of it.

    Every step's value is kept by its name, and its shape ``(1, C, H, W)`` beside it.
    """

    def __init__(self, traced: fx.GraphModule, size: tuple[int, int]) -> None:
        self._traced = traced
        self._modules = dict(traced.named_modules())
        self._names: dict[fx.Node, str] = {}
        # Shapes of values, and what the network computes from shapes.
        self._facts: dict[fx.Node, Any] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._input_shape = (1, 3, *size)
        self._output_shape: tuple[int, ...] = ()

    def write(self) -> None:
        """Write all nodes."""
        for node in self._traced.graph.nodes:
            if node.op == "placeholder":
                self._names[node], self._facts[node] = INPUT, self._input_shape
            elif node.op == "output":
                (value,) = node.args
                self._node("Identity", [self._names[value]], OUTPUT)
                self._output_shape = self._facts[value]
            elif node.op == "call_module":
                self._module(node, self._modules[str(node.target)])
            elif node.op == "call_function":
                self._function(node)
            else:
                raise NotImplementedError(f"{node.op} of {node.target}")

    def model(self) -> onnx.ModelProto:
        """Return what was written as a model."""
        graph = helper.make_graph(
            self._nodes,
            "network",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, self._input_shape)],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, self._output_shape)],
            list(self._constants.values()),
        )
        opset = helper.make_opsetid("", _OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)

    def _module(self, node: fx.Node, module: nn.Module) -> None:
        (source,) = node.args
        assert isinstance(source, fx.Node)  # the tracer's own
        value, (_, channels, *size) = self._names[source], self._facts[source]
        # Unless it says otherwise below.
        self._facts[node] = self._facts[source]
        if isinstance(module, nn.Identity):
            self._names[node] = value
        elif type(module) in _ELEMENTWISE:
            self._elementwise(node, type(module), value)
        elif isinstance(module, nn.ReLU6):
            self._relu6(node, [value], source, channels)
        elif isinstance(module, nn.SiLU):
            self._silu(node, value)
        elif isinstance(module, nn.AdaptiveAvgPool2d) and _pair(module.output_size) == [1, 1]:
            self._value(node, "GlobalAveragePool", [value])
            self._facts[node] = (1, channels, 1, 1)
        else:
            self._sliding(node, module, value, channels, size)

    def _sliding(
        self, node: fx.Node, module: nn.Module, value: str, channels: int, size: Sequence[int]
    ) -> None:
        """Write what slides a window over a map: a convolution or a pool."""
        if isinstance(module, nn.Conv2d):
            inputs = [value, self._constant(f"{node.name}_w", module.weight)]
            if module.bias is not None:
                inputs.append(self._constant(f"{node.name}_b", module.bias))
            window = _window(module)
            self._value(node, "Conv", inputs, **window, group=module.groups)
            channels = module.out_channels
        elif isinstance(module, nn.MaxPool2d):
            window = _window(module)
            self._value(node, "MaxPool", [value], **window, ceil_mode=int(module.ceil_mode))
        elif isinstance(module, nn.AvgPool2d) and not module.count_include_pad:
            window = _window(module)
            self._value(node, "AveragePool", [value], **window, ceil_mode=int(module.ceil_mode))
        else:
            raise NotImplementedError(type(module).__name__)
        sides = _sizes(size, window, getattr(module, "ceil_mode", False))
        self._facts[node] = (1, channels, *sides)

    def _function(self, node: fx.Node) -> None:
        function, args = node.target, node.args
        if function is getattr and args[1] == "shape":
            self._facts[node] = self._facts[args[0]]  # type: ignore[index]
            return
        if function is operator.getitem:
            self._facts[node] = self._facts[args[0]][args[1]]  # type: ignore[index]
            return
        if function in (operator.neg, operator.mod):
            self._facts[node] = function(*(self._known(arg) for arg in args))
            return
        if function is functional.pad:
            self._pad(node, args[0], [self._known(arg) for arg in args[1]])  # type: ignore[arg-type, union-attr]
            return
        sources = list(args[0]) if isinstance(args[0], Sequence) else [args[0]]
        sources += [arg for arg in args[1:] if isinstance(arg, fx.Node)]
        values = [self._names[source] for source in sources]  # type: ignore[index]
        shape = self._facts[sources[0]]  # type: ignore[index]
        if function in (operator.add, operator.mul) and len(values) == 2:
            self._value(node, "Add" if function is operator.add else "Mul", values)
            shape = np.broadcast_shapes(*(self._facts[source] for source in sources))  # type: ignore[index]
        elif function in _ELEMENTWISE:
            self._elementwise(node, function, values[0])
        elif function is functional.silu:
            self._silu(node, values[0])
        elif function is functional.relu6:
            self._relu6(node, values, sources[0], shape[1])
        elif function is torch.cat:
            self._value(node, "Concat", values, axis=1)
            shape = (1, sum(self._facts[source][1] for source in sources), *shape[2:])  # type: ignore[index]
        elif function is functional.interpolate:
            shape = (*shape[:2], *self._facts[node.kwargs["size"]])  # type: ignore[index]
            # The one form of the networks: bilinear with aligned corners.
            target = self._constant(f"{node.name}_size", np.array(shape, dtype=np.int64))
            self._value(
                node,
                "Resize",
                [values[0], "", "", target],
                mode="linear",
                coordinate_transformation_mode="align_corners",
            )
        else:
            raise NotImplementedError(getattr(function, "__name__", str(function)))
        self._facts[node] = shape

    def _known(self, value: Any) -> Any:
        """Return a number that is written down, or computed from shapes."""
        return self._facts[value] if isinstance(value, fx.Node) else value

    def _pad(self, node: fx.Node, source: fx.Node, more: Sequence[int]) -> None:
        """Extend or crop a map by so many columns before and behind, then rows."""
        left, right, top, bottom = more
        count, channels, height, width = self._facts[source]
        self._facts[node] = (count, channels, height + top + bottom, width + left + right)
        if not any(more):
            self._names[node] = self._names[source]
            return
        pads = np.array([0, 0, top, left, 0, 0, bottom, right], dtype=np.int64)
        inputs = [self._names[source], self._constant(f"{node.name}_pads", pads)]
        self._value(node, "Pad", inputs)

    def _elementwise(self, node: fx.Node, function: Any, value: str) -> None:
        kind, attributes = _ELEMENTWISE[function]
        self._value(node, kind, [value], **attributes)

    def _silu(self, node: fx.Node, value: str) -> None:
        self._node("Sigmoid", [value], f"{node.name}_gate")
        self._value(node, "Mul", [value, f"{node.name}_gate"])

    def _relu6(self, node: fx.Node, values: list[str], source: Any, channels: int) -> None:
        zero = self._constant("zero", np.array(0, dtype=np.float32))
        six = self._constant("six", np.array(6, dtype=np.float32))
        if source.target is operator.add:
            ones = self._constant(f"ones_{channels}", np.ones((channels, 1, 1, 1), np.float32))
            passed = f"{node.name}_passed"
            self._node("Conv", [values[0], ones], passed, kernel_shape=[1, 1], group=channels)
            values = [passed]
        self._value(node, "Clip", [*values, zero, six])

    def _value(self, node: fx.Node, kind: str, inputs: list[str], **attributes: Any) -> None:
        self._node(kind, inputs, node.name, **attributes)
        self._names[node] = node.name

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def _constant(self, name: str, value: torch.Tensor | NDArray[Any]) -> str:
        array = value.detach().numpy() if isinstance(value, torch.Tensor) else value
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name


def _sizes(size: Sequence[int], window: dict[str, list[int]], ceil_mode: bool) -> list[int]:
    """Return the sides of what a sliding window makes of a map."""
    sides = []
    for side, before, kernel, stride in zip(
        size, window["pads"][:2], window["kernel_shape"], window["strides"], strict=True
    ):
        steps = side + 2 * before - kernel
        sides.append((-(-steps // stride) if ceil_mode else steps // stride) + 1)
    return sides


def _window(module: nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d) -> dict[str, list[int]]:
    """Return the sliding window of a module as ONNX' attributes."""
    padding = _pair(module.padding)
    return {
        "kernel_shape": _pair(module.kernel_size),
        "strides": _pair(module.stride),
        "pads": [*padding, *padding],
    }


def _pair(value: Any) -> list[int]:
    return [value, value] if isinstance(value, int) else [int(side) for side in value]
