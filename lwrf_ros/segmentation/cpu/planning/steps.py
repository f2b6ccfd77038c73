# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Parts of a plan: maps, values that are only described yet, and steps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.segmentation.cpu.kernels.records import Kind, Prologue
from lwrf_ros.segmentation.cpu.kernels.vectors import LANES

Size = tuple[int, int]
Array = NDArray[np.float32]
NO_CLAMP = (-float("inf"), float("inf"))


@dataclass(eq=False)
class Map:
    """A value of the network in memory.

    Attributes:
        size: ``(height, width)``.
        channels: With those that fill up the last vector.
        border: Pixels of zeros around it.
    """

    size: Size
    channels: int
    border: int = 0


@dataclass(frozen=True)
class Term:
    """A source, what is done to it first, and the weights of the product.

    Attributes:
        source: The source.
        prologue: What is done first; DIRECT slides the product's own window.
        kernel: Side of the window.
        stride: Pixels that it moves.
        padding: Pixels of zeros around the map.
        weights: ``(inputs, output channels)`` of the product, None where none follows.
        depthwise_weights: ``(kernel * kernel + 1, channels)`` of a depthwise convolution; the bias
            comes last.
        clamp: Of what a depthwise convolution or a sum makes.
        more: The other maps of a sum.
        expansion: The 1x1 that makes the depthwise convolution's source from the term's.
    """

    source: Map
    prologue: Prologue = Prologue.DIRECT
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    weights: Array | None = None
    depthwise_weights: Array | None = None
    clamp: tuple[float, float] = NO_CLAMP
    more: tuple[Map, ...] = ()
    expansion: Product | None = None

    @property
    def channels(self) -> int:
        """Channels of what the prologue makes."""
        if self.depthwise_weights is not None:
            return int(self.depthwise_weights.shape[1])
        return self.source.channels


@dataclass(frozen=True)
class PrologueOutput:
    """The output of a term's prologue, not computed yet."""

    term: Term
    size: Size
    channels: int


@dataclass(frozen=True)
class Product:
    """A sum of convolutions that is to be made.

    Attributes:
        terms: The convolutions.
        bias: ``(channels,)``.
        size: ``(height, width)``.
        addend: What is added.
        clamp: Least and largest value, None where none was set yet.
    """

    terms: tuple[Term, ...]
    bias: Array
    size: Size
    addend: Term | None = None
    clamp: tuple[float, float] | None = None

    @property
    def channels(self) -> int:
        """Output channels, with those that fill up the last vector."""
        return len(self.bias)

    @property
    def plain(self) -> bool:
        """Whether this is one 1x1 convolution of a map, clamped or not."""
        (term, *more) = self.terms
        window = (term.prologue, term.kernel, term.stride, term.padding)
        return window == (Prologue.DIRECT, 1, 1, 0) and not more and self.addend is None


Value = Map | Product | PrologueOutput


@dataclass
class Step:
    """One thing that is done to whole maps.

    Attributes:
        kind: What.
        out: The map that it makes; None for the logits.
        terms: Of a product or a prologue.
        bias: ``(channels,)`` of a product or of the logits.
        addend: Of a product.
        clamp: Least and largest value.
        source: What the other kinds read.
        other: The second map of a product of maps.
        details: Fields of `STEP` that only this kind has.
    """

    kind: Kind
    out: Map | None
    terms: tuple[Term, ...] = ()
    bias: Array | None = None
    addend: Term | None = None
    clamp: tuple[float, float] = NO_CLAMP
    source: Map | None = None
    other: Map | None = None
    details: dict[str, int] = field(default_factory=dict)

    @property
    def all_terms(self) -> tuple[Term, ...]:
        """Its terms, and what is added to their products behind them."""
        return self.terms if self.addend is None else (*self.terms, self.addend)

    @property
    def made(self) -> Map:
        """The map that it makes; of the logits the one that they are made of."""
        made = self.out or self.source
        assert made is not None  # every kind has one of them
        return made

    def sources(self) -> list[Map]:
        """Return the maps that it reads."""
        sources = [source for term in self.all_terms for source in (term.source, *term.more)]
        return sources + [source for source in (self.source, self.other) if source is not None]

    def maps(self) -> list[Map]:
        """Return the maps that it reads, and the one that it makes."""
        return self.sources() + ([] if self.out is None else [self.out])


def padded(channels: int) -> int:
    """Return the number of channels that a map of so many has in memory."""
    return -(-channels // LANES) * LANES
