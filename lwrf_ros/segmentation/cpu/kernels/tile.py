# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The product that convolutions come down to, for as many pixels and channels as registers hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from lwrf_ros.segmentation.cpu.kernels.vectors import (
    FLOAT,
    FLOAT_BYTES,
    INT64,
    LANES,
    VECTOR,
    VECTOR_BYTES,
    emit_fma,
    emit_larger,
    emit_load,
    emit_prefetch,
    emit_smaller,
    emit_splat,
    emit_store,
)

# Pixels of the largest tile: two registers of sums for each, two of weights, and some to spare of
# the 16 registers that AVX2 has or the 32 of the others.
TILE_PIXELS = 6 if LANES == 8 else 8
# Input channels are taken in fours.
UNROLLED = 4

# The maps of a tile, in the order of its `destinations`.
_MAPS = ("out", "addend")


def product_tile(pixels: int, vectors: int) -> Any:
    """Build the product of some pixels' channels with the weights of some output channels.

    The sums of all pixels and channels stay in registers from the first input channel to the last.
    What comes out is, for pixels x of the tile,

        out[x] = smaller(larger(bias + sum over input channels + addend[x], low), high)

    Args:
        pixels: Pixels of the tile.
        vectors: Output channels over `LANES`.

    Returns:
        A function for kernels:
        `segments`, `count`: address and number of the segments that the input channels lie in;
        three int64 each: address of pixel 0, bytes from pixel to pixel, channels over `UNROLLED`;
        `destinations`: address of two int64 for out and two for addend: address of pixel 0 (0 for
        no addend) and bytes from pixel to pixel;
        `pixel`: the tile's first pixel;
        `channel`: bytes from the maps' first channel to the tile's first;
        `weights`: ``(input channels, vectors * LANES)``; `bias`: of the tile's channels;
        `low`, `high`: float32.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _Tile(builder, pixels, vectors, *args).write()
        return context.get_dummy_value()

    signature = types.void(*[types.int64] * 7, types.float32, types.float32)

    @intrinsic
    def tile(
        typing_context: Any,
        segments: Any,
        count: Any,
        destinations: Any,
        pixel: Any,
        channel: Any,
        weights: Any,
        bias: Any,
        low: Any,
        high: Any,
    ) -> Any:
        return signature, generate

    return tile


class _Tile:
    """Writes the instructions of a `product_tile`."""

    def __init__(
        self,
        builder: Any,
        pixels: int,
        vectors: int,
        segments: Any,
        count: Any,
        destinations: Any,
        pixel: Any,
        channel: Any,
        weights: Any,
        bias: Any,
        low: Any,
        high: Any,
    ) -> None:
        self._builder = builder
        self._pixels = pixels
        self._vectors = vectors
        self._segments, self._count = segments, count
        self._destinations, self._pixel, self._channel = destinations, pixel, channel
        self._weights, self._bias = weights, bias
        self._low, self._high = emit_splat(builder, low), emit_splat(builder, high)

    def write(self) -> None:
        """Write loops over segments and their channels, and what becomes of the sums."""
        builder = self._builder
        self._prefetch()
        bias = [emit_load(builder, self._plus(self._bias, v * VECTOR_BYTES)) for v in self._each()]
        entry = builder.block
        segment_loop = builder.append_basic_block("segment")
        channel_loop = builder.append_basic_block("channel")
        segment_end = builder.append_basic_block("segment_end")
        finish = builder.append_basic_block("finish")
        builder.branch(segment_loop)

        builder.position_at_end(segment_loop)
        sums = self._sums(entry, bias * self._pixels)
        weights = self._phi(INT64, entry, self._weights)
        segment = self._phi(INT64, entry, self._segments)
        left = self._phi(INT64, entry, self._count)
        first, stride, steps = (
            emit_load(builder, self._plus(segment, field * 8), INT64) for field in range(3)
        )
        first = builder.add(first, builder.mul(self._pixel, stride))
        # A row address for every four pixels; the other three are reached by multiples of `stride`
        # within an instruction's own addressing.
        groups = range(0, self._pixels, 4)
        starts = [builder.add(first, builder.mul(stride, _number(pixel))) for pixel in groups]
        multiples = [None, stride, *(builder.mul(stride, _number(n)) for n in (2, 3))]
        builder.branch(channel_loop)

        builder.position_at_end(channel_loop)
        inner = self._sums(segment_loop, sums)
        inner_weights = self._phi(INT64, segment_loop, weights)
        bases = [self._phi(INT64, segment_loop, start) for start in starts]
        steps_left = self._phi(INT64, segment_loop, steps)
        updated = self._multiply(list(inner), inner_weights, bases, multiples)
        used = UNROLLED * self._vectors * VECTOR_BYTES
        next_weights = self._plus(inner_weights, used)
        for phi, value in zip(inner, updated, strict=True):
            phi.add_incoming(value, channel_loop)
        for base in bases:
            base.add_incoming(self._plus(base, UNROLLED * FLOAT_BYTES), channel_loop)
        inner_weights.add_incoming(next_weights, channel_loop)
        self._count_down(steps_left, channel_loop, segment_end)

        builder.position_at_end(segment_end)
        for phi, value in zip(sums, updated, strict=True):
            phi.add_incoming(value, segment_end)
        weights.add_incoming(next_weights, segment_end)
        segment.add_incoming(self._plus(segment, 3 * 8), segment_end)
        self._count_down(left, segment_loop, finish)

        builder.position_at_end(finish)
        self._finish(updated)

    def _prefetch(self) -> None:
        """Write the fetching of what is added in the end, which else would be waited for."""
        addend = self._start("addend")
        with self._builder.if_then(self._builder.icmp_signed("!=", addend, _number(0))):
            for place in self._addresses("addend", addend):
                emit_prefetch(self._builder, place)

    def _multiply(
        self, sums: list[Any], weights: Any, bases: list[Any], multiples: list[Any]
    ) -> list[Any]:
        """Write the products of `UNROLLED` channels of every pixel, and return the new sums."""
        builder = self._builder
        rows = []
        for pixel in range(self._pixels):
            base, multiple = bases[pixel // 4], multiples[pixel % 4]
            rows.append(base if multiple is None else builder.add(base, multiple))
        for channel in range(UNROLLED):
            place = channel * self._vectors * VECTOR_BYTES
            columns = [
                emit_load(builder, self._plus(weights, place + v * VECTOR_BYTES))
                for v in self._each()
            ]
            for pixel, row in enumerate(rows):
                value = emit_load(builder, self._plus(row, channel * FLOAT_BYTES), FLOAT)
                spread = emit_splat(builder, value)
                for v in self._each():
                    place = pixel * self._vectors + v
                    sums[place] = emit_fma(builder, spread, columns[v], sums[place])
        return sums

    def _finish(self, sums: list[Any]) -> None:
        """Write what becomes of the sums: the addend is added, the rest clamped."""
        builder = self._builder
        plain = builder.block
        start = self._start("addend")
        with builder.if_then(builder.icmp_signed("!=", start, _number(0))):
            added = [
                builder.fadd(value, emit_load(builder, place))
                for value, place in zip(sums, self._addresses("addend", start), strict=True)
            ]
            with_addend = builder.block
        results = []
        for value, more in zip(sums, added, strict=True):
            phi = self._phi(VECTOR, plain, value)
            phi.add_incoming(more, with_addend)
            results.append(phi)
        for value, place in zip(results, self._addresses("out", self._start("out")), strict=True):
            clamped = emit_smaller(builder, emit_larger(builder, value, self._low), self._high)
            emit_store(builder, clamped, place)

    def _start(self, name: str) -> Any:
        """Return the address of a map's pixel 0."""
        return emit_load(
            self._builder, self._plus(self._destinations, _MAPS.index(name) * 16), INT64
        )

    def _addresses(self, name: str, start: Any) -> list[Any]:
        """Return the addresses of the tile's vectors in a map, pixel by pixel."""
        builder = self._builder
        step = emit_load(builder, self._plus(self._destinations, _MAPS.index(name) * 16 + 8), INT64)
        start = builder.add(builder.add(start, self._channel), builder.mul(self._pixel, step))
        addresses = []
        for _ in range(self._pixels):
            addresses += [self._plus(start, v * VECTOR_BYTES) for v in self._each()]
            start = builder.add(start, step)
        return addresses

    def _sums(self, block: Any, values: list[Any]) -> list[Any]:
        return [self._phi(VECTOR, block, value) for value in values]

    def _phi(self, kind: Any, block: Any, value: Any) -> Any:
        phi = self._builder.phi(kind)
        phi.add_incoming(value, block)
        return phi

    def _count_down(self, phi: Any, again: Any, done: Any) -> None:
        """Go to `again` until a counter is used up; the counter's next value is noted."""
        builder = self._builder
        left = builder.sub(phi, _number(1))
        phi.add_incoming(left, builder.block)
        builder.cbranch(builder.icmp_signed(">", left, _number(0)), again, done)

    def _plus(self, value: Any, amount: int) -> Any:
        return self._builder.add(value, _number(amount))

    def _each(self) -> range:
        return range(self._vectors)


def _number(value: int) -> Any:
    return ir.Constant(INT64, value)


# By pixels and vectors. What is left of a row goes through the smaller ones.
TILE_SIZES = (TILE_PIXELS, 4, 2, 1)
_Kernel = Callable[..., None]
TILES: dict[tuple[int, int], _Kernel] = {
    (pixels, vectors): product_tile(pixels, vectors) for pixels in TILE_SIZES for vectors in (2, 1)
}
