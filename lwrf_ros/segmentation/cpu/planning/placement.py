# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A plan in memory: where its maps and weights lie, and the records that tell the kernels so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.segmentation.cpu.kernels.checks import Room
from lwrf_ros.segmentation.cpu.kernels.product import PANEL, panels
from lwrf_ros.segmentation.cpu.kernels.records import STEP, TERM, Kind, Prologue
from lwrf_ros.segmentation.cpu.kernels.vectors import LANES, VECTOR_BYTES
from lwrf_ros.segmentation.cpu.kernels.winograd import DOMAIN, SIDE, winograd_weights
from lwrf_ros.segmentation.cpu.planning.blocking import (
    block_rows,
    chunks,
    ring_floats,
    rows_to_share,
)
from lwrf_ros.segmentation.cpu.planning.guarded_memory import Buffers, Scratch, strides, view
from lwrf_ros.segmentation.cpu.planning.plan import Plan
from lwrf_ros.segmentation.cpu.planning.steps import Array, Map, Product, Step, Term


class Memory:
    """Maps, weights and records of a plan.

    Args:
        plan: The plan.
        threads: How many threads will go through it.

    Attributes:
        steps: ``(n,) STEP``.
        terms: ``(m,) TERM``.
        buffers: Where maps and weights lie.
        scratch_bytes: Scratch memory that each thread needs.
        rooms: What each step may touch, but for the scratch memory.
        scratch_rooms: What each step may touch of that, by offsets.
    """

    def __init__(self, plan: Plan, threads: int) -> None:
        self._threads = threads
        self.buffers = Buffers()
        self.rooms: list[list[Room]] = []
        self.scratch_rooms: list[list[Room]] = []
        # A map's memory goes to later maps of its form: their borders are the same.
        self._free: dict[tuple[object, ...], list[int]] = {}
        self._maps: dict[Map, int] = {}
        self.scratch_bytes = 0
        self._terms: list[np.void] = []
        self.steps = np.zeros(len(plan.steps), dtype=STEP)
        last_step = {made: n for n, step in enumerate(plan.steps) for made in step.maps()}
        for number, step in enumerate(plan.steps):
            for made in step.maps():
                if made not in self._maps:
                    self._maps[made] = self._place(made)
            self.rooms.append([self._room_of_map(made, made is step.out) for made in step.maps()])
            self._describe(self.steps[number], step)
            for made in {made for made in step.maps() if last_step[made] == number}:
                self._free.setdefault(_form(made), []).append(self._maps[made])
        self.terms = np.array(self._terms, dtype=TERM)

    def _place(self, made: Map) -> int:
        """Return the address of a map's first pixel."""
        spare = self._free.get(_form(made))
        if spare:
            return spare.pop()
        row, pixel = strides(made)
        return self.buffers.take(_bytes(made)) + made.border * (row + pixel)

    def view(self, made: Map, border: bool = False) -> NDArray[np.float32]:
        """Return a map's memory as ``(height, width, channels)``; it lives as long as this does.

        Args:
            made: The map. After its last step its memory belongs to another.
            border: Whether with the border.
        """
        return view(made, self._maps[made], border)

    def _room_of_map(self, made: Map, writable: bool) -> Room:
        row, pixel = strides(made)
        name = "the map that it makes" if writable else "a map that it reads"
        begin = self._maps[made] - made.border * (row + pixel)
        return Room(name, begin, _bytes(made), writable)

    def _kept(self, values: Array, name: str) -> int:
        """Return the address of a copy of float32 values, which the step reads."""
        address = self.buffers.copy_of(values)
        self.rooms[-1].append(Room(name, address, values.nbytes, False))
        return address

    def _describe(self, record: np.void, step: Step) -> None:
        """Fill a step's record."""
        made = step.made
        record["kind"] = step.kind
        record["height"], record["width"] = made.size
        record["channels"] = made.channels
        record["low"], record["high"] = step.clamp
        record["chunks"] = chunks(step, self._threads)
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
            record["bias"] = self._kept(step.bias, "its bias")
        scratch = Scratch()
        if step.kind == Kind.WINOGRAD:
            self._describe_winograd(record, step, made, scratch)
        elif step.terms:
            self._describe_terms(record, step, made, scratch)
        if step.kind == Kind.LOGITS:
            record["work_at"] = scratch.take(made.size[1] * (made.channels + LANES), "its row")
        self.scratch_rooms.append(scratch.rooms)
        self.scratch_bytes = max(self.scratch_bytes, scratch.bytes)

    def _describe_terms(self, record: np.void, step: Step, made: Map, scratch: Scratch) -> None:
        """Fill the records of a step's terms, and lay out what their prologues need."""
        width, block = made.size[1], block_rows(step, self._threads)
        record["block"] = block
        record["first_term"], record["terms"] = len(self._terms), len(step.terms)
        record["has_addend"] = step.addend is not None
        self._terms += [self._term(term, width, block, scratch) for term in step.all_terms]
        if step.kind == Kind.PRODUCT:
            weights = [term.weights for term in step.terms if term.weights is not None]
            record["weights"] = self._kept(panels(np.concatenate(weights)), "its weights")

    def _describe_winograd(self, record: np.void, step: Step, made: Map, scratch: Scratch) -> None:
        """Fill the records of a 3x3 convolution that is made from tiles."""
        (term,) = step.terms
        assert term.weights is not None  # a product's
        width = -(-made.size[1] // SIDE)
        record["height"], record["source_height"] = rows_to_share(step), made.size[0]
        tile_floats = DOMAIN * term.channels
        record["block"] = block = block_rows(step, self._threads)
        record["first_term"], record["terms"] = len(self._terms), 1
        record["has_addend"] = step.addend is not None
        record["weights"] = self._kept(panels(winograd_weights(term.weights)), "its weights")
        self._terms += [self._term(term, made.size[1], 0, scratch) for term in step.all_terms]
        own = self._terms[int(record["first_term"])]
        own["rows_at"] = scratch.take(block * width * tile_floats, "its transformed tiles")
        own["work_at"] = scratch.take(block * width * DOMAIN * PANEL, "its products")
        own["expand_bias"] = self._kept(np.zeros(PANEL, dtype=np.float32), "its zero bias")

    def _term(self, term: Term, width: int, block: int, scratch: Scratch) -> np.void:
        record: np.void = np.zeros(1, dtype=TERM)[0]
        record["prologue"] = term.prologue
        self._address(record, "source", term.source)
        record["height"], record["width"] = term.source.size
        record["channels"] = term.source.channels
        for name in ("kernel", "stride", "padding"):
            record[name] = getattr(term, name)
        if term.prologue != Prologue.DIRECT:
            record["rows_at"] = scratch.take(
                block * width * term.channels, "the rows of a prologue"
            )
        record["low"], record["high"] = term.clamp
        record["summed"] = 1 + len(term.more)
        for place, other in enumerate(term.more):
            record["more"][place] = self._maps[other]
            record["more_row"][place] = strides(other)[0]
        if term.prologue in (Prologue.MAX_POOL, Prologue.MEAN_POOL, Prologue.STRETCH):
            # Pools can make two rows at a time.
            record["work_at"] = scratch.take(
                2 * term.source.size[1] * term.channels, "the work of a prologue"
            )
        if term.depthwise_weights is not None:
            record["depthwise_channels"] = term.channels
            weights = self._kept(term.depthwise_weights, "its depthwise weights")
            record["depthwise_weights"] = weights
        if term.expansion is not None:
            self._expand(record, term, term.expansion, block, scratch)
        return record

    def _expand(
        self, record: np.void, term: Term, expansion: Product, block: int, scratch: Scratch
    ) -> None:
        (inner,) = expansion.terms
        assert inner.weights is not None  # a product's
        record["expand_weights"] = self._kept(panels(inner.weights), "its expansion's weights")
        record["expand_bias"] = self._kept(expansion.bias, "its expansion's bias")
        record["expand_low"], record["expand_high"] = expansion.clamp or (-np.inf, np.inf)
        record["ring_rows"] = (block - 1) * term.stride + term.kernel
        ring = int(record["ring_rows"]) * ring_floats(term)
        record["ring_at"] = scratch.take(ring, "its ring of expanded rows")
        record["zeros_at"] = scratch.take(ring_floats(term), "its row of zeros")

    def _address(self, record: np.void, name: str, made: Map | None) -> None:
        if made is not None:
            record[name] = self._maps[made]
            record[f"{name}_row"], record[f"{name}_pixel"] = strides(made)


def _form(made: Map) -> tuple[object, ...]:
    return (made.size, made.channels, made.border)


def _bytes(made: Map) -> int:
    # Reading whole vectors may go beyond the last channel.
    return (made.size[0] + 2 * made.border) * strides(made)[0] + VECTOR_BYTES
