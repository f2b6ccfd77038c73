# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A network in torch as the steps of a plan."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from lwrf_ros.errors import LwrfError
from lwrf_ros.segmentation.cpu.kernels.records import MOST_KERNEL, Activation, Kind
from lwrf_ros.segmentation.cpu.planning.plan import Plan
from lwrf_ros.segmentation.cpu.planning.steps import Array, Map, Size, Value, padded


class UnknownOperationError(LwrfError):
    """A network computes something that the kernels on a CPU have no step for.

    Attributes:
        operation: What, in words.
    """

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(
            f"the network computes {operation}, which the kernels on a CPU cannot; wanted one of "
            "the operations that docs/backbones.md lists: rewrite the encoder with these, or add "
            "the operation as docs/cpu_kernels.md shows"
        )


# One value to one value, whatever the shape.
_ACTIVATIONS: dict[Any, Activation] = {
    nn.Sigmoid: Activation.SIGMOID,
    torch.sigmoid: Activation.SIGMOID,
    nn.SiLU: Activation.SILU,
    functional.silu: Activation.SILU,
    nn.Hardswish: Activation.HARD_SWISH,
    functional.hardswish: Activation.HARD_SWISH,
    nn.Hardsigmoid: Activation.HARD_SIGMOID,
    functional.hardsigmoid: Activation.HARD_SIGMOID,
}
# Modes and values of a pad with zeros.
_PADS_ZEROS = ("constant", 0, None)
_CLAMPS: dict[Any, tuple[float, float]] = {
    nn.ReLU: (0.0, float("inf")),
    functional.relu: (0.0, float("inf")),
    torch.relu: (0.0, float("inf")),
    nn.ReLU6: (0.0, 6.0),
    functional.relu6: (0.0, 6.0),
}


def plan_network(
    network: nn.Module, size: Size, positions: int = 1, bias: Tensor | None = None
) -> tuple[Plan, tuple[int, int, int]]:
    """Return the steps of a network for one image of one size.

    Args:
        network: A network of `simplify` with float32 weights on the CPU, without its `assemble`.
        size: ``(height, width)`` of its input in pixels.
        positions: 9 where the network ends in a classifier split into a 1x1 for each position of
            its window, which are summed.
        bias: ``(C,)`` of that classifier.

    Returns:
        The plan, and the shape ``(C, h, w)`` of the planes that its last step makes.

    Raises:
        UnknownOperationError: If the network holds an operation that is not known here.
    """
    try:
        reader = _Reader(fx.symbolic_trace(network), size)
        value, (_, channels, height, width) = reader.read()
    except NotImplementedError as error:
        raise UnknownOperationError(str(error)) from error
    except fx.proxy.TraceError as error:
        raise UnknownOperationError(f"what depends on values ({error})") from error
    classes = channels // positions
    reader.plan.logits(value, classes, None if bias is None else bias.numpy(), positions)
    return reader.plan, (classes, height, width)


class _Reader:
    """Goes through a traced network and describes every step of it to a plan.

    Every node's value is kept, and its shape ``(1, C, H, W)``, or what the network computes from
    shapes, beside it.
    """

    def __init__(self, traced: fx.GraphModule, size: Size) -> None:
        self.plan = Plan()
        self._traced = traced
        self._modules = dict(traced.named_modules())
        self._values: dict[fx.Node, Value] = {}
        self._facts: dict[fx.Node, Any] = {}
        self._size = size

    def read(self) -> tuple[Value, tuple[int, ...]]:
        """Describe all nodes; return the output's value and shape."""
        for node in self._traced.graph.nodes:
            if node.op == "placeholder":
                self._values[node] = self.plan.image(self._size)
                self._facts[node] = (1, 3, *self._size)
            elif node.op == "output":
                (value,) = node.args
                return self._taken(value), self._facts[value]
            elif node.op == "call_module":
                self._module(node, self._modules[str(node.target)])
            elif node.op == "call_function":
                self._function(node)
            else:
                raise NotImplementedError(f"{node.op} of {node.target}")
        raise NotImplementedError("nothing")

    def _taken(self, node: fx.Node) -> Value:
        """Return a value for its reader: a map, unless nobody else reads it."""
        if sum(not _asks_for_shape(user) for user in node.users) > 1:
            self._values[node] = self.plan.map(self._values[node])
        return self._values[node]

    def _module(self, node: fx.Node, module: nn.Module) -> None:
        (source,) = node.args
        assert isinstance(source, fx.Node)  # the tracer's own
        # Unless it says otherwise below.
        self._facts[node] = self._facts[source]
        if isinstance(module, nn.Identity):
            self._values[node] = self._taken(source)
        elif type(module) in _CLAMPS or type(module) in _ACTIVATIONS:
            self._activate(node, type(module), source)
        elif isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size in (1, (1, 1)):
            self._values[node] = self.plan.mean(self._taken(source))
            self._facts[node] = (*self._facts[source][:2], 1, 1)
        else:
            self._sliding(node, module, source)

    def _activate(self, node: fx.Node, function: Any, source: fx.Node) -> None:
        value = self._taken(source)
        if function in _CLAMPS:
            self._values[node] = self.plan.clamp(value, *_CLAMPS[function])
        else:
            self._values[node] = self.plan.pointwise(
                Kind.ACTIVATE, value, function=_ACTIVATIONS[function]
            )

    def _sliding(self, node: fx.Node, module: nn.Module, source: fx.Node) -> None:
        """Describe what slides a window over a map: a convolution or a pool."""
        if not isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            raise NotImplementedError(type(module).__name__)
        kernel, stride, padding = (
            _side(module, name) for name in ("kernel_size", "stride", "padding")
        )
        _, channels, *size = self._facts[source]
        ceil_mode = getattr(module, "ceil_mode", False)
        height, width = (_slid(side, kernel, stride, padding, ceil_mode) for side in size)
        value, made = self._taken(source), (height, width)
        if isinstance(module, nn.Conv2d):
            if _side(module, "dilation") != 1 or module.padding_mode != "zeros":
                raise NotImplementedError("a dilated or differently padded Conv2d")
            if kernel > MOST_KERNEL:
                raise NotImplementedError(f"a Conv2d with a kernel of {kernel}x{kernel}")
            weight = module.weight.detach().numpy()
            bias = None if module.bias is None else module.bias.detach().numpy()
            if module.groups == module.in_channels == module.out_channels > 1:
                self._values[node] = self.plan.depthwise(value, weight, bias, made, stride, padding)
            else:
                weight = _ungrouped(weight, module.groups)
                self._values[node] = self.plan.convolution(
                    value, weight, bias, made, stride, padding
                )
            channels = module.out_channels
        else:
            largest = isinstance(module, nn.MaxPool2d)
            if largest and _side(module, "dilation") != 1:
                raise NotImplementedError("a dilated MaxPool2d")
            if not largest and module.divisor_override is not None:
                raise NotImplementedError("an AvgPool2d with a divisor of its own")
            if not largest and module.count_include_pad and padding:
                raise NotImplementedError("an AvgPool2d that counts its padding")
            self._values[node] = self.plan.pool(value, largest, made, kernel, stride, padding)
        self._facts[node] = (1, channels, *made)

    def _function(self, node: fx.Node) -> None:
        function, args = node.target, node.args
        if function is getattr and args[1] == "shape":
            self._facts[node] = self._facts[args[0]]  # type: ignore[index]
        elif function is operator.getitem:
            self._facts[node] = self._facts[args[0]][args[1]]  # type: ignore[index]
        elif function in (operator.neg, operator.mod):
            self._facts[node] = function(*(self._known(arg) for arg in args))
        elif function is functional.pad:
            if any(wish not in _PADS_ZEROS for wish in (*args[2:], *node.kwargs.values())):
                raise NotImplementedError("a pad with something else than zeros")
            self._pad(node, args[0], [self._known(arg) for arg in args[1]])  # type: ignore[arg-type, union-attr]
        elif function is torch.cat:
            if (*args[1:], *node.kwargs.values()) not in ((1,), (-3,)):
                raise NotImplementedError("a cat of something else than channels")
            self._concatenate(node, list(args[0]))  # type: ignore[arg-type]
        elif function in (operator.add, operator.mul) and all(isinstance(a, fx.Node) for a in args):
            self._combine(node, function is operator.add, *args)  # type: ignore[arg-type]
        elif function in _CLAMPS or function in _ACTIVATIONS:
            self._facts[node] = self._facts[args[0]]  # type: ignore[index]
            self._activate(node, function, args[0])  # type: ignore[arg-type]
        elif function is functional.interpolate:
            self._values[node], size = self._stretch(args[0], node.kwargs)  # type: ignore[arg-type]
            shape = self._facts[args[0]]  # type: ignore[index]
            self._facts[node] = (*shape[:2], *size)
        else:
            raise NotImplementedError(getattr(function, "__name__", str(function)))

    def _stretch(self, source: fx.Node, wishes: dict[str, Any]) -> tuple[Value, Size]:
        """Describe a map stretched to a size, in the one form that the networks have."""
        size = wishes["size"]
        if size is None or wishes["mode"] != "bilinear" or not wishes["align_corners"]:
            raise NotImplementedError("an interpolate that is not bilinear with aligned corners")
        height, width = self._facts[size] if isinstance(size, fx.Node) else map(self._known, size)
        return self.plan.stretch(self._taken(source), (height, width)), (height, width)

    def _known(self, value: Any) -> Any:
        """Return a number that is written down, or computed from shapes."""
        return self._facts[value] if isinstance(value, fx.Node) else value

    def _combine(self, node: fx.Node, adds: bool, first: fx.Node, second: fx.Node) -> None:
        """Describe a sum or a product of two maps."""
        self._facts[node] = np.broadcast_shapes(self._facts[first], self._facts[second])
        if first is second:
            self._values[first] = self.plan.map(self._values[first])
        values = self._taken(first), self._taken(second)
        if not adds:
            channels = {self._facts[factor][1] for factor in (first, second)}
            sizes = {self._facts[factor][2:] for factor in (first, second)}
            if len(channels) > 1 or len(sizes - {(1, 1)}) > 1:
                raise NotImplementedError("a product of maps of two sizes")
            self._values[node] = self.plan.pointwise(Kind.MULTIPLY, *values)
        elif self._facts[first] == self._facts[second]:
            self._values[node] = self.plan.add(*values)
        else:
            raise NotImplementedError("a sum of maps of two sizes")

    def _pad(self, node: fx.Node, source: fx.Node, more: Sequence[int]) -> None:
        """Extend or crop a map by so many columns before and behind, then rows."""
        left, right, top, bottom = more
        count, channels, height, width = self._facts[source]
        size = (height + top + bottom, width + left + right)
        self._facts[node] = (count, channels, *size)
        value = self._taken(source)
        if any(more):
            value = self.plan.map(value)
            made = Map(size, value.channels)
            self.plan.copy(value, made, channels, top=-top, left=-left)
            value = made
        self._values[node] = value

    def _concatenate(self, node: fx.Node, sources: Sequence[fx.Node]) -> None:
        """Make a map of several, channel behind channel."""
        _, _, height, width = self._facts[sources[0]]
        channels = sum(self._facts[source][1] for source in sources)
        values = [self._taken(source) for source in sources]
        made, first = Map((height, width), padded(channels)), 0
        for source, value in zip(sources, values, strict=True):
            self.plan.copy(value, made, self._facts[source][1], first)
            first += self._facts[source][1]
        self._values[node] = made
        self._facts[node] = (1, channels, height, width)


def _asks_for_shape(node: fx.Node) -> bool:
    return node.target is getattr


def _side(module: nn.Module, name: str) -> int:
    """Return one of a window's measures, which is the same in both directions."""
    value = getattr(module, name)
    sides = (value, value) if isinstance(value, int) else value
    if isinstance(sides, str) or sides[0] != sides[1]:
        raise NotImplementedError(f"a {type(module).__name__} with {name} {value}")
    return int(sides[0])


def _slid(side: int, kernel: int, stride: int, padding: int, ceil_mode: bool) -> int:
    """Return the side of what a window makes of a map."""
    steps = side + 2 * padding - kernel
    if not ceil_mode:
        return steps // stride + 1
    made = -(-steps // stride) + 1
    # The last window begins in the map or before it.
    return made - ((made - 1) * stride >= side + padding)


def _ungrouped(weight: Array, groups: int) -> Array:
    """Return the weights ``(out, in, ...)`` of a convolution in groups as those of one without."""
    if groups == 1:
        return weight
    out, inputs, *kernel = weight.shape
    whole = np.zeros((out, inputs * groups, *kernel), dtype=np.float32)
    for group in range(groups):
        rows = slice(group * out // groups, (group + 1) * out // groups)
        whole[rows, group * inputs : (group + 1) * inputs] = weight[rows]
    return whole
