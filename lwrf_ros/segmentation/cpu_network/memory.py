# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A plan in memory: where its maps and weights lie, and the records that tell the kernels so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.segmentation.cpu_network.plan import Plan
from lwrf_ros.segmentation.cpu_network.product import MOST_ROWS, PANEL, panels
from lwrf_ros.segmentation.cpu_network.records import STEP, TERM, Kind, Prologue
from lwrf_ros.segmentation.cpu_network.steps import Array, Map, Product, Step, Term
from lwrf_ros.segmentation.cpu_network.vectors import FLOAT_BYTES, LANES, VECTOR_BYTES
from lwrf_ros.segmentation.cpu_network.winograd import DOMAIN, SIDE, winograd_weights

# What should be in the cache together: a block's rows, or the ring of a depthwise convolution.
_BLOCK_BYTES = 256 * 1024
_RING_BYTES = 512 * 1024
_TILES_BYTES = 512 * 1024
_ALIGNED = 64
# More than one, so that a thread whose core others want as well holds up less.
_CHUNKS_PER_THREAD = 2


class Memory:
    """Maps, weights and records of a plan.

    Args:
        plan: The plan.
        threads: How many threads will go through it.

    Attributes:
        steps: ``(n,) STEP``.
        terms: ``(m,) TERM``.
        scratch_bytes: Scratch memory that each thread needs.
    """

    def __init__(self, plan: Plan, threads: int) -> None:
        self._threads = threads
        # Nobody but the kernels reads these; they are kept so that they live.
        self._arrays: list[NDArray[np.uint8]] = []
        # A map's memory goes to later maps of its form: their borders are the same.
        self._free: dict[tuple[object, ...], list[int]] = {}
        self._maps: dict[Map, int] = {}
        self.scratch_bytes = 0
        self._terms: list[np.void] = []
        self.steps = np.zeros(len(plan.steps), dtype=STEP)
        last_step = {made: n for n, step in enumerate(plan.steps) for made in step.maps()}
        for number, step in enumerate(plan.steps):
            if step.out is not None and step.out not in self._maps:
                self._maps[step.out] = self._place(step.out)
            self._describe(self.steps[number], step)
            for made in {made for made in step.maps() if last_step[made] == number}:
                self._free.setdefault(_form(made), []).append(self._maps[made])
        self.terms = np.array(self._terms, dtype=TERM)

    def _place(self, made: Map) -> int:
        """Return the address of a map's first pixel."""
        spare = self._free.get(_form(made))
        if spare:
            return spare.pop()
        row, pixel = _steps(made)
        # Reading whole vectors may go beyond the last channel.
        size = (made.size[0] + 2 * made.border) * row + VECTOR_BYTES
        return self._room(size) + made.border * (row + pixel)

    def _room(self, size: int) -> int:
        """Return the address of so many zero bytes."""
        array = np.zeros(size + _ALIGNED, dtype=np.uint8)
        self._arrays.append(array)
        return -(-array.ctypes.data // _ALIGNED) * _ALIGNED

    def _kept(self, values: Array) -> int:
        """Return the address of a copy of float32 values."""
        address = self._room(values.nbytes)
        offset = address - self._arrays[-1].ctypes.data
        self._arrays[-1][offset : offset + values.nbytes] = values.reshape(-1).view(np.uint8)
        return address

    def _describe(self, record: np.void, step: Step) -> None:
        """Fill a step's record."""
        made = step.out or step.source
        assert made is not None  # every kind has one of them
        record["kind"] = step.kind
        record["height"], record["width"] = made.size
        record["channels"] = made.channels
        record["low"], record["high"] = step.clamp
        record["chunks"] = 1 if step.kind == Kind.MEAN else self._chunks(step, made.size[0])
        self._address(record, "out", step.out)
        self._address(record, "source", step.source)
        self._address(record, "other", step.other)
        if step.source is not None:
            record["source_height"], record["source_width"] = step.source.size
        if step.kind == Kind.MULTIPLY:
            for name, factor in (("source", step.source), ("other", step.other)):
                if factor is not None and factor.size != made.size:
                    # Its one pixel goes with all of the other's.
                    record[f"{name}_row"] = record[f"{name}_pixel"] = 0
        for name, value in step.details.items():
            record[name] = value
        if step.bias is not None:
            record["bias"] = self._kept(step.bias)
        scratch = _Scratch()
        if step.kind == Kind.WINOGRAD:
            self._describe_winograd(record, step, made, scratch)
        elif step.terms:
            self._describe_terms(record, step, made, scratch)
        if step.kind == Kind.LOGITS:
            record["work_at"] = scratch.take(made.size[1] * (made.channels + LANES))
        self.scratch_bytes = max(self.scratch_bytes, scratch.bytes)

    def _chunks(self, step: Step, rows: int) -> int:
        """Return how many parts a step's rows are shared out in."""
        # The first rows of a ring would be expanded by both of two neighbours.
        expands = any(term.expansion for term in step.terms)
        return min(self._threads * (1 if expands else _CHUNKS_PER_THREAD), rows)

    def _describe_terms(self, record: np.void, step: Step, made: Map, scratch: _Scratch) -> None:
        """Fill the records of a step's terms, and lay out what their prologues need."""
        height, width = made.size
        # Of large weights, the rows should be worth the reading.
        room = max(_BLOCK_BYTES, sum(t.weights.nbytes for t in step.terms if t.weights is not None))
        channels = sum(term.channels for term in step.all_terms) + made.channels
        block = room // (channels * width * FLOAT_BYTES)
        for term in step.terms:
            if term.prologue == Prologue.MAX_POOL:
                # Two rows of it take less than two times one.
                block = max(block, 2)
            if term.expansion is not None:
                rows = min(_RING_BYTES // (_ring_row(term) * FLOAT_BYTES), MOST_ROWS)
                block = min(block, (rows - term.kernel) // term.stride + 1)
        block = max(1, min(block, -(-height // self._threads), MOST_ROWS))
        record["block"] = block
        record["first_term"], record["terms"] = len(self._terms), len(step.terms)
        record["has_addend"] = step.addend is not None
        self._terms += [self._term(term, width, block, scratch) for term in step.all_terms]
        if step.kind == Kind.PRODUCT:
            weights = [term.weights for term in step.terms if term.weights is not None]
            record["weights"] = self._kept(panels(np.concatenate(weights)))

    def _describe_winograd(self, record: np.void, step: Step, made: Map, scratch: _Scratch) -> None:
        """Fill the records of a 3x3 convolution that is made from tiles."""
        (term,) = step.terms
        assert term.weights is not None  # a product's
        height, width = (-(-side // SIDE) for side in made.size)
        record["height"], record["source_height"] = height, made.size[0]
        record["chunks"] = self._chunks(step, height)
        tile_floats = DOMAIN * term.channels
        block = _TILES_BYTES // (width * tile_floats * FLOAT_BYTES)
        record["block"] = block = max(1, min(block, -(-height // self._threads)))
        record["first_term"], record["terms"] = len(self._terms), 1
        record["has_addend"] = step.addend is not None
        record["weights"] = self._kept(panels(winograd_weights(term.weights)))
        self._terms += [self._term(term, made.size[1], 0, scratch) for term in step.all_terms]
        own = self._terms[int(record["first_term"])]
        own["rows_at"] = scratch.take(block * width * tile_floats)
        own["work_at"] = scratch.take(block * width * DOMAIN * PANEL)
        own["expand_bias"] = self._kept(np.zeros(PANEL, dtype=np.float32))

    def _term(self, term: Term, width: int, block: int, scratch: _Scratch) -> np.void:
        record: np.void = np.zeros(1, dtype=TERM)[0]
        record["prologue"] = term.prologue
        self._address(record, "source", term.source)
        record["height"], record["width"] = term.source.size
        record["channels"] = term.source.channels
        for name in ("kernel", "stride", "padding"):
            record[name] = getattr(term, name)
        if term.prologue != Prologue.DIRECT:
            record["rows_at"] = scratch.take(block * width * term.channels)
        record["low"], record["high"] = term.clamp
        record["summed"] = 1 + len(term.more)
        for place, other in enumerate(term.more):
            record["more"][place] = self._maps[other]
            record["more_row"][place] = _steps(other)[0]
        if term.prologue in (Prologue.MAX_POOL, Prologue.MEAN_POOL, Prologue.STRETCH):
            # Pools can make two rows at a time.
            record["work_at"] = scratch.take(2 * term.source.size[1] * term.channels)
        if term.depthwise_weights is not None:
            record["depthwise_channels"] = term.channels
            record["depthwise_weights"] = self._kept(term.depthwise_weights)
        if term.expansion is not None:
            self._expand(record, term, term.expansion, block, scratch)
        return record

    def _expand(
        self, record: np.void, term: Term, expansion: Product, block: int, scratch: _Scratch
    ) -> None:
        (inner,) = expansion.terms
        assert inner.weights is not None  # a product's
        record["expand_weights"] = self._kept(panels(inner.weights))
        record["expand_bias"] = self._kept(expansion.bias)
        record["expand_low"], record["expand_high"] = expansion.clamp or (-np.inf, np.inf)
        record["ring_rows"] = (block - 1) * term.stride + term.kernel
        record["ring_at"] = scratch.take(int(record["ring_rows"]) * _ring_row(term))
        record["zeros_at"] = scratch.take(_ring_row(term))

    def _address(self, record: np.void, name: str, made: Map | None) -> None:
        if made is not None:
            record[name] = self._maps[made]
            record[f"{name}_row"], record[f"{name}_pixel"] = _steps(made)


class _Scratch:
    """Places in a thread's scratch memory, one behind the other."""

    def __init__(self) -> None:
        self.bytes = 0

    def take(self, floats: int) -> int:
        """Return where room for so many floats begins."""
        begin = self.bytes
        self.bytes += -(-floats * FLOAT_BYTES // _ALIGNED) * _ALIGNED
        return begin


def _form(made: Map) -> tuple[object, ...]:
    return (made.size, made.channels, made.border)


def _steps(made: Map) -> tuple[int, int]:
    """Return the bytes from row to row and from pixel to pixel."""
    pixel = made.channels * FLOAT_BYTES
    return (made.size[1] + 2 * made.border) * pixel, pixel


def _ring_row(term: Term) -> int:
    """Return the floats of a row that a depthwise convolution slides over."""
    return (term.source.size[1] + 2 * term.padding) * term.channels
