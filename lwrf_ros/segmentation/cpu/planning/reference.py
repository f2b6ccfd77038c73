# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Every step of a plan in plain NumPy: slow and obvious, to compare the kernels with.

Nothing here is shared with the kernels but the plan: a map is an array ``(height, width,
channels)`` without a border, and a window is cut out of a padded copy, pixel by pixel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lwrf_ros.segmentation.cpu.kernels.records import Activation, Kind, Prologue
from lwrf_ros.segmentation.cpu.planning.plan import Plan
from lwrf_ros.segmentation.cpu.planning.steps import Array, Map, Product, Size, Step, Term

Values = NDArray[np.floating]


def _sigmoid(x: Values) -> Values:
    return 1 / (1 + np.exp(-x))


def _hard_sigmoid(x: Values) -> Values:
    return np.clip(x / 6 + 0.5, 0, 1)


ACTIVATIONS: dict[Activation, Callable[[Values], Values]] = {
    Activation.CLAMP: lambda x: x,
    Activation.SIGMOID: _sigmoid,
    Activation.SILU: lambda x: x * _sigmoid(x),
    Activation.HARD_SIGMOID: _hard_sigmoid,
    Activation.HARD_SWISH: lambda x: x * _hard_sigmoid(x),
}


class Reference:
    """Goes through steps one after the other and keeps what they make.

    Args:
        dtype: float32 or float64, in which all is computed.

    Attributes:
        maps: What was made, and what the first steps are to read.
    """

    def __init__(self, dtype: DTypeLike = np.float64) -> None:
        self.maps: dict[Map, Values] = {}
        self._dtype = np.dtype(dtype)

    def run(self, plan: Plan, image: Values) -> Values:
        """Return the logits ``(C, h, w)`` of an image ``(3, H, W)``."""
        for step in plan.steps:
            made = self.step(step, image)
        return made

    def step(self, step: Step, image: Values | None = None) -> Values:
        """Return what a step makes, the whole map that it writes to; the first needs the image."""
        made = self._made(step, image)
        if step.out is not None:
            self.maps[step.out] = made
        return made

    def _made(self, step: Step, image: Values | None) -> Values:
        if step.kind == Kind.IMAGE:
            assert image is not None  # the caller's
            planes = image.astype(self._dtype)
            return np.stack([*planes, np.zeros_like(planes[0])], axis=-1)
        if step.kind in (Kind.PRODUCT, Kind.WINOGRAD):
            return self._product(step)
        if step.kind == Kind.PROLOGUE:
            return self._prologue(step.terms[0], step.made.size)
        assert step.source is not None  # that of all other kinds
        source = self.maps[step.source]
        if step.kind == Kind.MULTIPLY:
            assert step.other is not None  # that of this kind
            return _clamped(source * self.maps[step.other], step.clamp)
        if step.kind == Kind.ACTIVATE:
            function = ACTIVATIONS[Activation(step.details["function"])]
            return _clamped(function(source), step.clamp)
        if step.kind == Kind.MEAN:
            return source.mean(axis=(0, 1), keepdims=True)
        return self._copied(step, source) if step.kind == Kind.COPY else self._logits(step, source)

    def _product(self, step: Step) -> Values:
        assert step.bias is not None  # that of this kind
        total = np.broadcast_to(self._own(step.bias), (*step.made.size, step.made.channels))
        for term in step.terms:
            assert term.weights is not None  # that of this kind
            weights = self._own(term.weights)
            if term.prologue == Prologue.DIRECT:
                source, window = self.maps[term.source], (term.kernel, term.stride, term.padding)
            else:
                source, window = self._prologue(term, step.made.size), (1, 1, 0)
            total = total + _convolution(source, weights, *window, step.made.size)
        if step.addend is not None:
            total = total + self._prologue(step.addend, step.made.size)
        return _clamped(total, step.clamp)

    def _prologue(self, term: Term, size: Size) -> Values:
        source = self.maps[term.source]
        if term.prologue == Prologue.DIRECT:
            return source
        if term.prologue == Prologue.SUM:
            return _clamped(sum((self.maps[more] for more in term.more), source), term.clamp)
        if term.prologue == Prologue.STRETCH:
            return _stretched(_stretched(source, size[0]).swapaxes(0, 1), size[1]).swapaxes(0, 1)
        if term.prologue == Prologue.DEPTHWISE:
            return self._depthwise(term, source, size)
        reduce = np.max if term.prologue == Prologue.MAX_POOL else np.mean
        made = np.empty((*size, source.shape[2]), self._dtype)
        for y, x in np.ndindex(*size):
            top, left = y * term.stride - term.padding, x * term.stride - term.padding
            rows = slice(max(top, 0), top + term.kernel)
            columns = slice(max(left, 0), left + term.kernel)
            made[y, x] = reduce(source[rows, columns], axis=(0, 1))
        return made

    def _depthwise(self, term: Term, source: Values, size: Size) -> Values:
        assert term.depthwise_weights is not None  # that of this prologue
        if term.expansion is not None:
            source = self._expanded(term.expansion, source)
        *weights, bias = self._own(term.depthwise_weights)
        padded = _padded(source, term.padding)
        made = np.empty((*size, len(bias)), self._dtype)
        for y, x in np.ndindex(*size):
            window = _window(padded, y * term.stride, x * term.stride, term.kernel)
            made[y, x] = (window.reshape(term.kernel**2, -1) * weights).sum(axis=0) + bias
        return _clamped(made, term.clamp)

    def _expanded(self, expansion: Product, source: Values) -> Values:
        (inner,) = expansion.terms
        assert inner.weights is not None  # a product's
        made = source @ self._own(inner.weights) + self._own(expansion.bias)
        return made if expansion.clamp is None else _clamped(made, expansion.clamp)

    def _copied(self, step: Step, source: Values) -> Values:
        """Write into what earlier steps have left of the map."""
        assert step.out is not None  # that of this kind
        before = self.maps.get(step.out)
        shape = (*step.out.size, step.out.channels)
        made = np.zeros(shape, self._dtype) if before is None else before.copy()
        first, channels = step.details["first_channel"], step.details["channels"]
        for y, x in np.ndindex(*step.out.size):
            at = (y + step.details["top"], x + step.details["left"])
            inside = min(at) >= 0 and at[0] < len(source) and at[1] < source.shape[1]
            made[y, x, first : first + channels] = source[at][:channels] if inside else 0
        return made

    def _logits(self, step: Step, source: Values) -> Values:
        assert step.bias is not None  # that of this kind
        classes, positions = step.details["channels"], step.details["positions"]
        padding = 1 if positions > 1 else 0
        padded = _padded(source, padding)
        made = np.empty((classes, *source.shape[:2]), self._dtype)
        for y, x in np.ndindex(*source.shape[:2]):
            made[:, y, x] = self._own(step.bias)[:classes]
            for position in range(positions):
                row, column = divmod(position, 3)
                first = position * classes
                made[:, y, x] += padded[y + row, x + column, first : first + classes]
        return made

    def _own(self, values: Array) -> Values:
        return values.astype(self._dtype)


def _clamped(values: Values, clamp: tuple[float, float]) -> Values:
    return np.clip(values, *clamp)


def _padded(source: Values, padding: int) -> Values:
    return np.pad(source, ((padding, padding), (padding, padding), (0, 0)))


def _window(padded: Values, top: int, left: int, kernel: int) -> Values:
    return padded[top : top + kernel, left : left + kernel]


def _convolution(
    source: Values, weights: Values, kernel: int, stride: int, padding: int, size: Size
) -> Values:
    """Convolve with weights ``(kernel * kernel * in, out)``."""
    padded = _padded(source, padding)
    made = np.empty((*size, weights.shape[1]), source.dtype)
    for y, x in np.ndindex(*size):
        made[y, x] = _window(padded, y * stride, x * stride, kernel).reshape(-1) @ weights
    return made


def _stretched(source: Values, target: int) -> Values:
    """Interpolate along the first axis, first on first and last on last."""
    places = np.linspace(0, len(source) - 1, target) if target > 1 else np.zeros(1)
    first = np.minimum(places.astype(int), max(len(source) - 2, 0))
    second = np.minimum(first + 1, len(source) - 1)
    share = (places - first).astype(source.dtype)[:, None, None]
    made: Values = source[first] * (1 - share) + source[second] * share
    return made
