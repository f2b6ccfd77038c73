# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A network on a CPU as a list of steps, as few as possible.

What a step can do in one go is taken together: convolutions that are added up; before each of them
a pool, a sum of maps, or a depthwise convolution with the 1x1 that expands the map for it; behind
them one more map that is added, perhaps stretched to this size, and a clamp such as ReLU's. So a
value of the network is first only described, and becomes a map in memory when somebody reads it who
cannot do it on the way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lwrf_ros.segmentation.cpu.kernels.records import (
    MOST_SUMMED,
    MOST_TERMS,
    Activation,
    Kind,
    Prologue,
)
from lwrf_ros.segmentation.cpu.kernels.tile import UNROLLED
from lwrf_ros.segmentation.cpu.kernels.vectors import LANES
from lwrf_ros.segmentation.cpu.planning.plan_table import table
from lwrf_ros.segmentation.cpu.planning.steps import (
    NO_CLAMP,
    Array,
    Map,
    Product,
    PrologueOutput,
    Size,
    Step,
    Term,
    Value,
    padded,
)

# Below so many input channels, what Winograd's algorithm saves is less than what it adds.
LEAST_CHANNELS = 32


class Plan:
    """The steps of a network, as they are described one after the other."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def __str__(self) -> str:
        """A line for each step and the totals, as one thread goes through them."""
        return table(self.steps)

    def image(self, size: Size) -> Map:
        """Begin with an image of three planes."""
        made = Map(size, UNROLLED)
        self.steps.append(Step(Kind.IMAGE, made))
        return made

    def map(self, value: Value) -> Map:
        """Make a value in memory."""
        if isinstance(value, Map):
            return value
        made = Map(value.size, value.channels)
        if isinstance(value, Product):
            clamp = value.clamp or NO_CLAMP
            kind = Kind.WINOGRAD if _saves_products(value) else Kind.PRODUCT
            step = Step(kind, made, value.terms, value.bias, value.addend, clamp)
        else:
            step = Step(Kind.PROLOGUE, made, (value.term,))
        self.steps.append(step)
        return made

    def _vectors(self, value: Value) -> Map:
        """Make a value in memory with whole vectors of channels, which the image has not."""
        made = self.map(value)
        if made.channels % LANES == 0:
            return made
        filled = Map(made.size, padded(made.channels))
        self.copy(made, filled, made.channels)
        return filled

    def convolution(
        self,
        source: Value,
        weight: Array,
        bias: Array | None,
        size: Size,
        stride: int,
        padding: int,
    ) -> Product:
        """Describe a convolution.

        Args:
            source: Its source; a pool or depthwise convolution goes with a 1x1.
            weight: ``(out, in, kernel, kernel)``.
            bias: ``(out,)``.
            size: ``(height, width)`` of what it makes.
            stride: Pixels that the window moves.
            padding: Pixels of zeros around the map.
        """
        out, _, kernel, _ = weight.shape
        if isinstance(source, PrologueOutput) and (kernel, stride, padding) == (1, 1, 0):
            term, channels = source.term, source.channels
        else:
            made = self.map(source)
            made.border = max(made.border, padding)
            term, channels = Term(made, Prologue.DIRECT, kernel, stride, padding), made.channels
        matrix = _fill(weight.transpose(2, 3, 1, 0), channels, padded(out))
        term = replace(term, weights=matrix.reshape(-1, padded(out)))
        return Product((term,), _bias(bias, out), size)

    def depthwise(
        self,
        source: Value,
        weight: Array,
        bias: Array | None,
        size: Size,
        stride: int,
        padding: int,
    ) -> PrologueOutput:
        """Describe a depthwise convolution; see `convolution`, ``weight`` is ``(c, 1, k, k)``."""
        channels, _, kernel, _ = weight.shape
        window = _fill(weight[:, 0].transpose(1, 2, 0), kernel, padded(channels))
        window = window.reshape(-1, padded(channels))
        weights = np.concatenate([window, _bias(bias, channels)[None]])
        expansion = source if isinstance(source, Product) and source.plain else None
        if expansion is not None:
            made = expansion.terms[0].source
        else:
            made = self._vectors(source)
            made.border = max(made.border, padding)
        term = Term(
            made,
            Prologue.DEPTHWISE,
            kernel,
            stride,
            padding,
            depthwise_weights=weights,
            expansion=expansion,
        )
        return PrologueOutput(term, size, padded(channels))

    def pool(
        self, source: Value, largest: bool, size: Size, kernel: int, stride: int, padding: int
    ) -> PrologueOutput:
        """Describe a pool: the largest value of each window, or the mean of what is in the map."""
        made = self._vectors(source)
        prologue = Prologue.MAX_POOL if largest else Prologue.MEAN_POOL
        return PrologueOutput(Term(made, prologue, kernel, stride, padding), size, made.channels)

    def stretch(self, value: Value, size: Size) -> PrologueOutput:
        """Describe what a map is stretched to."""
        source = self._vectors(value)
        return PrologueOutput(Term(source, Prologue.STRETCH), size, source.channels)

    def clamp(self, value: Value, low: float, high: float) -> Value:
        """Describe ReLU and its like; `value` is nobody else's where it is not a map."""
        if isinstance(value, Product) and value.clamp is None:
            return replace(value, clamp=(low, high))
        if (
            isinstance(value, PrologueOutput)
            and value.term.prologue in (Prologue.DEPTHWISE, Prologue.SUM)
            and value.term.clamp == NO_CLAMP
        ):
            return replace(value, term=replace(value.term, clamp=(low, high)))
        return self.pointwise(Kind.ACTIVATE, value, clamp=(low, high), function=Activation.CLAMP)

    def add(self, first: Value, second: Value) -> Value:
        """Describe a sum; values are nobody else's where they are not maps."""
        if not _open(first):
            first, second = second, first
        if isinstance(first, Product) and _open(first):
            if isinstance(second, Product) and _open(second) and _joinable(first, second):
                return replace(
                    first,
                    terms=first.terms + second.terms,
                    bias=first.bias + second.bias,
                    addend=first.addend or second.addend,
                )
            if first.addend is None:
                if (
                    isinstance(second, PrologueOutput)
                    and second.term.prologue != Prologue.DEPTHWISE
                ):
                    return replace(first, addend=second.term)
                return replace(first, addend=Term(self.map(second)))
        source, *more = self._summed(first) + self._summed(second)
        if len(more) >= MOST_SUMMED:
            source, *more = self._vectors(first), self._vectors(second)
        term = Term(source, Prologue.SUM, more=tuple(more))
        return PrologueOutput(term, source.size, source.channels)

    def _summed(self, value: Value) -> list[Map]:
        """Return the maps that a value is the sum of."""
        if isinstance(value, PrologueOutput):
            term = value.term
            if term.prologue == Prologue.SUM and term.clamp == NO_CLAMP:
                return [term.source, *term.more]
        return [self._vectors(value)]

    def pointwise(
        self,
        kind: Kind,
        value: Value,
        factor: Value | None = None,
        clamp: tuple[float, float] = NO_CLAMP,
        function: Activation = Activation.CLAMP,
    ) -> Map:
        """Make what looks at every pixel by itself; a map of one pixel goes with all."""
        source = self._vectors(value)
        other = None if factor is None else self._vectors(factor)
        size = source.size if other is None else max(source.size, other.size)
        made = Map(size, source.channels)
        details = {"function": int(function)}
        self.steps.append(
            Step(kind, made, source=source, other=other, clamp=clamp, details=details)
        )
        return made

    def copy(
        self,
        value: Value,
        out: Map,
        channels: int,
        first_channel: int = 0,
        top: int = 0,
        left: int = 0,
    ) -> None:
        """Copy a map into a part of another.

        Args:
            value: What is copied.
            out: Where to.
            channels: How many channels.
            first_channel: The first of `out` that is written.
            top: Row of the source that becomes row 0.
            left: Column of the source that becomes column 0.
        """
        details = {"top": top, "left": left, "first_channel": first_channel, "channels": channels}
        self.steps.append(Step(Kind.COPY, out, source=self.map(value), details=details))

    def mean(self, value: Value) -> Map:
        """Make the mean over a whole map, of one pixel."""
        source = self._vectors(value)
        made = Map((1, 1), source.channels)
        self.steps.append(Step(Kind.MEAN, made, source=source))
        return made

    def logits(self, value: Value, classes: int, bias: Array | None, positions: int) -> None:
        """End with planes: the sums over a split classifier's window, or a map as it is."""
        source = self.map(value)
        if positions > 1:
            source.border = max(source.border, 1)
        details = {"positions": positions, "channels": classes}
        self.steps.append(
            Step(Kind.LOGITS, None, bias=_bias(bias, classes), source=source, details=details)
        )


def _open(value: Any) -> bool:
    """Tell whether more can be added to a value before its clamp."""
    return isinstance(value, Product) and value.clamp is None


def _saves_products(product: Product) -> bool:
    """Tell whether a product is a 3x3 convolution that Winograd's algorithm makes faster."""
    (term, *more) = product.terms
    addend = product.addend
    if more or (term.prologue, term.kernel, term.stride, term.padding) != (
        Prologue.DIRECT,
        3,
        1,
        1,
    ):
        return False
    if term.source.channels < LEAST_CHANNELS or (addend and addend.prologue != Prologue.DIRECT):
        return False
    # The last tile of an odd row or column reaches one pixel further.
    odd = any(side % 2 for side in product.size)
    term.source.border = max(term.source.border, 2 if odd else 1)
    return True


def _joinable(first: Product, second: Product) -> bool:
    """Tell whether one step can make the sum of two products."""
    terms = first.terms + second.terms
    expanded = sum(term.expansion is not None for term in terms)
    return len(terms) <= MOST_TERMS and expanded < 2 and not (first.addend and second.addend)


def _fill(weights: Array, inputs: int, outputs: int) -> Array:
    """Return weights ``(..., in, out)`` with zeros for channels that are made up."""
    *_, have_in, have_out = weights.shape
    room = [(0, 0)] * (weights.ndim - 2) + [(0, inputs - have_in), (0, outputs - have_out)]
    return np.ascontiguousarray(np.pad(weights, room), dtype=np.float32)


def _bias(bias: Array | None, channels: int) -> Array:
    filled = np.zeros(padded(channels), dtype=np.float32)
    if bias is not None:
        filled[:channels] = bias
    return filled
