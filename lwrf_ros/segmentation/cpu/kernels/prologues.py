# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Prologues of a product's source: pools, depthwise convolutions, stretching, sums.

It is made a few rows at a time, into the thread's own memory, so that it is still in the cache when
the product reads it.
"""

from __future__ import annotations

import numba
import numpy as np

from lwrf_ros.segmentation.cpu.kernels.compiled import called, compiled_apart
from lwrf_ros.segmentation.cpu.kernels.records import MOST_KERNEL, TERM, Prologue
from lwrf_ros.segmentation.cpu.kernels.vectors import (
    FLOAT_BYTES,
    VECTOR_BYTES,
    fma,
    larger,
    load,
    minus,
    plus,
    smaller,
    splat,
    store,
    times,
)

# numba takes these for constants, members of an enumeration not.
_MAX_POOL, _DEPTHWISE = int(Prologue.MAX_POOL), int(Prologue.DEPTHWISE)
_STRETCH, _SUM = int(Prologue.STRETCH), int(Prologue.SUM)


@called
def _pool_row(term, y, work, out, width):
    """Write row `y` of a pool, ``(width, channels)``; windows are cut at the map's borders."""
    first, last = _cut(y * term.stride - term.padding, term.kernel, term.height)
    top = term.source + first * term.source_row
    row_bytes = term.channels * FLOAT_BYTES
    largest = term.prologue == _MAX_POOL
    for at in range(0, term.width * row_bytes, VECTOR_BYTES):
        address = top + at
        value = load(address)
        for _ in range(first + 1, last):
            address += term.source_row
            value = larger(value, load(address)) if largest else plus(value, load(address))
        store(value, work + at)
    for x in range(width):
        left, right = _cut(x * term.stride - term.padding, term.kernel, term.width)
        share = splat(np.float32(1 / ((last - first) * (right - left))))
        for at in range(0, row_bytes, VECTOR_BYTES):
            address = work + left * row_bytes + at
            value = load(address)
            for _ in range(left + 1, right):
                address += row_bytes
                value = larger(value, load(address)) if largest else plus(value, load(address))
            store(value if largest else times(value, share), out + x * row_bytes + at)


@called
def _cut(begin, length, size):
    """Return begin and end of a window as far as they are inside a map."""
    return max(begin, 0), min(begin + length, size)


@called
def _two_of_5x5(term, y, work, out, out_row):
    """Write rows `y` and `y + 1` of a 5x5 max-pool of stride 1, as CRP has it.

    Two neighbours have four of five rows in common, and of five columns. A pixel outside the map
    counts as the nearest one inside, which is in the window as well.
    """
    row_bytes = term.width * term.channels * FLOAT_BYTES
    top = term.source
    step, most = term.source_row, term.height - 1
    r0, r1 = top + max(y - 2, 0) * step, top + max(y - 1, 0) * step
    r2, r3 = top + y * step, top + min(y + 1, most) * step
    r4, r5 = top + min(y + 2, most) * step, top + min(y + 3, most) * step
    for at in range(0, row_bytes, VECTOR_BYTES):
        middle = larger(larger(load(r1 + at), load(r2 + at)), larger(load(r3 + at), load(r4 + at)))
        store(larger(middle, load(r0 + at)), work + at)
        store(larger(middle, load(r5 + at)), work + row_bytes + at)
    step, most = term.channels * FLOAT_BYTES, term.width - 1
    for row in range(2):
        for x in range(0, term.width, 2):
            left = work + row * row_bytes
            c0, c1 = left + max(x - 2, 0) * step, left + max(x - 1, 0) * step
            c2, c3 = left + x * step, left + min(x + 1, most) * step
            c4, c5 = left + min(x + 2, most) * step, left + min(x + 3, most) * step
            target = out + row * out_row + x * step
            for at in range(0, step, VECTOR_BYTES):
                middle = larger(
                    larger(load(c1 + at), load(c2 + at)), larger(load(c3 + at), load(c4 + at))
                )
                store(larger(middle, load(c0 + at)), target + at)
                if x < most:
                    store(larger(middle, load(c5 + at)), target + step + at)


@called
def _depthwise_row(term, y, scratch, lines, out, width):
    """Write row `y` of a depthwise convolution, ``(width, depthwise_channels)``."""
    for line in range(term.kernel):
        source_y = y * term.stride - term.padding + line
        if term.expand_weights == 0:
            lines[line] = (
                term.source + source_y * term.source_row - term.padding * term.source_pixel
            )
        elif 0 <= source_y < term.height:
            row_bytes = (term.width + 2 * term.padding) * term.depthwise_channels * FLOAT_BYTES
            lines[line] = scratch + term.ring_at + source_y % term.ring_rows * row_bytes
        else:
            lines[line] = scratch + term.zeros_at
    # Told as constants, so that the compiler unrolls the window.
    if term.kernel == 3 and term.stride == 1:
        _slide_3(term, 1, lines, out, width)
    elif term.kernel == 3 and term.stride == 2:
        _slide_3(term, 2, lines, out, width)
    elif term.kernel == 5:
        _slide(term, 5, lines, out, width)
    else:
        _slide(term, term.kernel, lines, out, width)


@called
def _slide(term, kernel, lines, out, width):
    row_bytes = term.depthwise_channels * FLOAT_BYTES
    low, high = splat(term.low), splat(term.high)
    bias = term.depthwise_weights + kernel * kernel * row_bytes
    pixel = term.source_pixel if term.expand_weights == 0 else row_bytes
    for x in range(width):
        for at in range(0, row_bytes, VECTOR_BYTES):
            value = load(bias + at)
            weight = term.depthwise_weights + at
            for line in range(kernel):
                address = lines[line] + x * term.stride * pixel + at
                for _ in range(kernel):
                    value = fma(load(address), load(weight), value)
                    address += pixel
                    weight += row_bytes
            store(smaller(larger(value, low), high), out + x * row_bytes + at)


@called
def _slide_3(term, stride, lines, out, width):
    """Slide a 3x3 window along a row: weights and the window's pixels stay in registers."""
    row_bytes = term.depthwise_channels * FLOAT_BYTES
    low, high = splat(term.low), splat(term.high)
    pixel = term.source_pixel if term.expand_weights == 0 else row_bytes
    for at in range(0, row_bytes, VECTOR_BYTES):
        weights = term.depthwise_weights + at
        p0, p1, p2 = load(weights), load(weights + row_bytes), load(weights + 2 * row_bytes)
        weights += 3 * row_bytes
        q0, q1, q2 = load(weights), load(weights + row_bytes), load(weights + 2 * row_bytes)
        weights += 3 * row_bytes
        r0, r1, r2 = load(weights), load(weights + row_bytes), load(weights + 2 * row_bytes)
        bias = load(weights + 3 * row_bytes)
        a, b, c = lines[0] + at, lines[1] + at, lines[2] + at
        a0, b0, c0 = load(a), load(b), load(c)
        a1, b1, c1 = load(a + pixel), load(b + pixel), load(c + pixel)
        for x in range(width):
            ahead = (x * stride + 2) * pixel
            if stride == 2 and x > 0:
                a1, b1, c1 = (
                    load(a + ahead - pixel),
                    load(b + ahead - pixel),
                    load(c + ahead - pixel),
                )
            a2, b2, c2 = load(a + ahead), load(b + ahead), load(c + ahead)
            first = fma(a2, p2, fma(a1, p1, fma(a0, p0, bias)))
            second = fma(b2, q2, fma(b1, q1, times(b0, q0)))
            third = fma(c2, r2, fma(c1, r1, times(c0, r0)))
            value = plus(first, plus(second, third))
            store(smaller(larger(value, low), high), out + x * row_bytes + at)
            if stride == 1:
                a0, b0, c0 = a1, b1, c1
                a1, b1, c1 = a2, b2, c2
            else:
                a0, b0, c0 = a2, b2, c2


@called
def _stretch_row(term, y, work, out, height, width):
    """Write row `y` of a map stretched to a size, corners aligned."""
    row_bytes = term.channels * FLOAT_BYTES
    first, second, share = _between(y, term.height, height)
    upper, lower = term.source + first * term.source_row, term.source + second * term.source_row
    weight = splat(share)
    for at in range(0, term.width * row_bytes, VECTOR_BYTES):
        store(_blend(load(upper + at), load(lower + at), weight), work + at)
    for x in range(width):
        first, second, share = _between(x, term.width, width)
        left, right, weight = work + first * row_bytes, work + second * row_bytes, splat(share)
        target = out + x * row_bytes
        for at in range(0, row_bytes, VECTOR_BYTES):
            store(_blend(load(left + at), load(right + at), weight), target + at)


@called
def _between(place, source, target):
    """Return the two source pixels around a target's, and the share of the second."""
    ratio = np.float32(source - 1) / np.float32(target - 1) if target > 1 else np.float32(0)
    centre = np.float32(place) * ratio
    first = min(int(centre), source - 1)
    return first, min(first + 1, source - 1), centre - np.float32(first)


@called
def _blend(first, second, share):
    return fma(minus(second, first), share, first)


@called
def _sum_row(term, y, out):
    """Write row `y` of the sum of several maps."""
    low, high = splat(term.low), splat(term.high)
    row = term.source + y * term.source_row
    for at in range(0, term.width * term.channels * FLOAT_BYTES, VECTOR_BYTES):
        value = load(row + at)
        for other in range(term.summed - 1):
            address = term.more[other] + y * term.more_row[other]
            value = plus(value, load(address + at))
        store(smaller(larger(value, low), high), out + at)


@compiled_apart(numba.void(numba.types.CPointer(numba.from_dtype(TERM)), *[numba.int64] * 7))
def prologue(terms, first, last, scratch, out, out_row, height, width):
    """Write some rows of what a term's prologue makes, one behind the other.

    Args:
        terms: Address of the term.
        first: First row.
        last: Row behind the last one.
        scratch: Address of the thread's memory.
        out: Address of the first row, ``(width, channels) float32``.
        out_row: Bytes from row to row.
        height: Rows of the whole.
        width: Pixels of a row.
    """
    term = numba.carray(terms, 1)[0]
    work = scratch + term.work_at
    lines = np.empty(MOST_KERNEL, dtype=np.int64)
    by_twos = term.prologue == _MAX_POOL and term.kernel == 5 and term.stride == 1
    y = first
    while y < last:
        target = out + (y - first) * out_row
        if by_twos and y + 1 < last:
            _two_of_5x5(term, y, work, target, out_row)
            y += 1
        elif term.prologue == _DEPTHWISE:
            _depthwise_row(term, y, scratch, lines, target, width)
        elif term.prologue == _STRETCH:
            _stretch_row(term, y, work, target, height, width)
        elif term.prologue == _SUM:
            _sum_row(term, y, target)
        else:
            _pool_row(term, y, work, target, width)
        y += 1
