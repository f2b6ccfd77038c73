# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Costs of a plan's steps: bytes from and to memory, and multiply-adds.

Counted is what the kernels do, so channels that fill up the last vector count, and a 3x3
convolution in the Winograd domain counts 16 multiply-adds for four pixels instead of 36. Rows that
stay in a thread's own memory between two parts of a step cost no bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from lwrf_ros.segmentation.cpu.kernels.records import Kind, Prologue
from lwrf_ros.segmentation.cpu.kernels.vectors import FLOAT_BYTES
from lwrf_ros.segmentation.cpu.kernels.winograd import DOMAIN, SIDE
from lwrf_ros.segmentation.cpu.planning.steps import Map, Step, Term

_PLANES = 3


@dataclass(frozen=True)
class Cost:
    """A step's cost, or the sum of several.

    Attributes:
        read_bytes: Of maps and weights, each once.
        written_bytes: Of the map that it makes.
        multiply_adds: Of its convolutions.
    """

    read_bytes: int = 0
    written_bytes: int = 0
    multiply_adds: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.read_bytes + other.read_bytes,
            self.written_bytes + other.written_bytes,
            self.multiply_adds + other.multiply_adds,
        )


def cost(step: Step) -> Cost:
    """Return what a step costs."""
    height, width = step.made.size
    pixels = height * width
    if step.kind == Kind.IMAGE:
        return Cost(pixels * _PLANES * FLOAT_BYTES, pixels * _PLANES * FLOAT_BYTES)
    if step.kind == Kind.COPY:
        moved = pixels * step.details["channels"] * FLOAT_BYTES
        return Cost(moved, moved)
    sources = {source for source in step.sources()}
    read = sum(_bytes(source) for source in sources) + _weight_bytes(step)
    if step.kind == Kind.LOGITS:
        return Cost(read, pixels * step.details["channels"] * FLOAT_BYTES)
    return Cost(read, _bytes(step.made), _multiply_adds(step, pixels))


def _bytes(made: Map) -> int:
    return made.size[0] * made.size[1] * made.channels * FLOAT_BYTES


def _weight_bytes(step: Step) -> int:
    total = 0 if step.bias is None else step.bias.nbytes
    for term in step.all_terms:
        if term.weights is not None:
            window = SIDE + 1
            winograd = step.kind == Kind.WINOGRAD
            total += term.weights.nbytes * DOMAIN // window**2 if winograd else term.weights.nbytes
        if term.depthwise_weights is not None:
            total += term.depthwise_weights.nbytes
        if term.expansion is not None:
            (inner,) = term.expansion.terms
            total += term.expansion.bias.nbytes
            total += 0 if inner.weights is None else inner.weights.nbytes
    return total


def _multiply_adds(step: Step, pixels: int) -> int:
    if step.kind == Kind.WINOGRAD:
        (term,) = step.terms
        tiles = -(-step.made.size[0] // SIDE) * -(-step.made.size[1] // SIDE)
        return tiles * DOMAIN * term.source.channels * step.made.channels
    return sum(_of_term(term, pixels) for term in step.all_terms)


def _of_term(term: Term, pixels: int) -> int:
    total = 0 if term.weights is None else pixels * int(term.weights.size)
    if term.prologue == Prologue.DEPTHWISE:
        total += pixels * term.kernel**2 * term.channels
    if term.expansion is not None:
        height, width = term.source.size
        total += height * width * term.source.channels * term.expansion.channels
    return total
