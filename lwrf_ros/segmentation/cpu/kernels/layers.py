# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Convolutions on a CPU, for some rows of what they make (`records`)."""

from __future__ import annotations

import numpy as np

from lwrf_ros.segmentation.cpu.kernels.compiled import called
from lwrf_ros.segmentation.cpu.kernels.product import ADDEND, OUT
from lwrf_ros.segmentation.cpu.kernels.records import TERM_BYTES, Prologue
from lwrf_ros.segmentation.cpu.kernels.tile import UNROLLED
from lwrf_ros.segmentation.cpu.kernels.vectors import (
    FLOAT_BYTES,
    VECTOR_BYTES,
    call_at,
    splat,
    store,
)

_DIRECT, _DEPTHWISE = int(Prologue.DIRECT), int(Prologue.DEPTHWISE)


@called
def product_rows(functions, step, terms, begin, end, scratch, segments, destinations):
    """Make rows `begin` to `end` of a convolution, or of several that are added up.

    Args:
        functions: `program.FUNCTIONS`.
        step: The step.
        terms: All terms.
        begin: First row.
        end: Row behind the last one.
        scratch: Address of the thread's memory.
        segments: For `product`, to be filled.
        destinations: Likewise.
    """
    product, _, _ = functions
    first_term, terms_behind = step.first_term, step.first_term + step.terms
    ready = np.int64(0)
    for number in range(first_term, terms_behind):
        if terms[number].expand_weights != 0:
            ready = begin_ring(terms[number], begin, scratch)
    for first in range(begin, end, step.block):
        last = min(first + step.block, end)
        for number in range(first_term, terms_behind):
            term = terms[number]
            if term.expand_weights != 0:
                ready = expand_rows(functions, term, ready, last, scratch, segments, destinations)
        count = np.int64(0)
        for number in range(first_term, terms_behind):
            _prologue(functions, step, terms, number, first, last, scratch)
            count = _add_segments(step, terms[number], first, last, scratch, segments, count)
        if step.has_addend != 0:
            _prologue(functions, step, terms, terms_behind, first, last, scratch)
        _set_destinations(step, terms, first, last, scratch, destinations)
        call_at(
            product,
            (
                segments.ctypes.data,
                count,
                destinations.ctypes.data,
                last - first,
                step.width,
                step.channels,
                step.weights,
                step.bias,
                step.low,
                step.high,
            ),
        )


@called
def prologue_rows(functions, step, terms, begin, end, scratch, segments, destinations):
    """Make rows `begin` to `end` of what a prologue makes and no product follows."""
    _, prologue, _ = functions
    term = terms[step.first_term]
    ready = begin_ring(term, begin, scratch) if term.expand_weights != 0 else np.int64(0)
    address = terms.ctypes.data + step.first_term * TERM_BYTES
    for first in range(begin, end, step.block):
        last = min(first + step.block, end)
        if term.expand_weights != 0:
            ready = expand_rows(functions, term, ready, last, scratch, segments, destinations)
        out = step.out + first * step.out_row
        call_at(
            prologue, (address, first, last, scratch, out, step.out_row, step.height, step.width)
        )


@called
def begin_ring(term, begin, scratch):
    """Write the zeros around the rows that are expanded; return the first row that is needed."""
    pixel = term.depthwise_channels * FLOAT_BYTES
    border, row_bytes = term.padding * pixel, (term.width + 2 * term.padding) * pixel
    zero = splat(np.float32(0))
    for row in range(term.ring_rows):
        start = scratch + term.ring_at + row * row_bytes
        for at in range(0, border, VECTOR_BYTES):
            store(zero, start + at)
            store(zero, start + row_bytes - border + at)
    for at in range(0, row_bytes, VECTOR_BYTES):
        store(zero, scratch + term.zeros_at + at)
    return max(np.int64(0), begin * term.stride - term.padding)


@called
def expand_rows(functions, term, ready, last, scratch, segments, destinations):
    """Expand the source of a depthwise convolution as far as its rows before `last` need.

    Returns:
        The first row of the source that is not expanded yet, `ready` being the one until now.
    """
    product, _, _ = functions
    needed = min((last - 1) * term.stride - term.padding + term.kernel, term.height)
    if needed <= ready:
        return ready
    pixel = term.depthwise_channels * FLOAT_BYTES
    row_bytes = (term.width + 2 * term.padding) * pixel
    for y in range(ready, needed):
        row = y - ready
        segments[row, 0, 0] = term.source + y * term.source_row
        segments[row, 0, 1] = term.source_pixel
        segments[row, 0, 2] = term.channels // UNROLLED
        offset = y % term.ring_rows * row_bytes + term.padding * pixel
        destinations[row, OUT, 0] = scratch + term.ring_at + offset
        destinations[row, OUT, 1] = pixel
        destinations[row, ADDEND] = 0
    call_at(
        product,
        (
            segments.ctypes.data,
            np.int64(1),
            destinations.ctypes.data,
            needed - ready,
            term.width,
            term.depthwise_channels,
            term.expand_weights,
            term.expand_bias,
            term.expand_low,
            term.expand_high,
        ),
    )
    return needed


@called
def _prologue(functions, step, terms, number, first, last, scratch):
    """Make what a term's prologue makes of some rows, if it has one, in the thread's memory."""
    _, prologue, _ = functions
    term = terms[number]
    if term.prologue != _DIRECT:
        address = terms.ctypes.data + number * TERM_BYTES
        out_row = step.width * _channels(term) * FLOAT_BYTES
        out = scratch + term.rows_at
        call_at(prologue, (address, first, last, scratch, out, out_row, step.height, step.width))


@called
def _channels(term):
    """Return the channels of what a term's prologue makes."""
    return term.depthwise_channels if term.prologue == _DEPTHWISE else term.channels


@called
def _add_segments(step, term, first, last, scratch, segments, count):
    """Note where a term's channels lie, for some rows; return the number of segments."""
    if term.prologue == _DIRECT:
        for y in range(first, last):
            top = term.source + (y * term.stride - term.padding) * term.source_row
            for line in range(term.kernel):
                segment = segments[y - first, count + line]
                segment[0] = top + line * term.source_row - term.padding * term.source_pixel
                segment[1] = term.stride * term.source_pixel
                # The window's columns lie side by side.
                segment[2] = term.kernel * term.channels // UNROLLED
        return count + term.kernel
    pixel = _channels(term) * FLOAT_BYTES
    for row in range(last - first):
        segment = segments[row, count]
        segment[0] = scratch + term.rows_at + row * step.width * pixel
        segment[1] = pixel
        segment[2] = _channels(term) // UNROLLED
    return count + 1


@called
def _set_destinations(step, terms, first, last, scratch, destinations):
    """Note where the product of some rows goes, and what is added to it."""
    pixel = step.channels * FLOAT_BYTES
    for y in range(first, last):
        destination = destinations[y - first]
        destination[OUT, 0] = step.out + y * step.out_row
        destination[OUT, 1] = step.out_pixel
        destination[ADDEND] = 0
        if step.has_addend != 0:
            term = terms[step.first_term + step.terms]
            if term.prologue == _DIRECT:
                destination[ADDEND, 0] = term.source + y * term.source_row
            else:
                destination[ADDEND, 0] = scratch + term.rows_at + (y - first) * step.width * pixel
            destination[ADDEND, 1] = pixel
