# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""3x3 convolutions of stride 1 with 4/9 of the products (Lavin and Gray 2016, section 4.1).

The input transform takes tiles of 4x4 pixels that overlap by two into the Winograd domain, 16
elements for each channel. What was a convolution is a product of pixels and weights for each
element, and the output transform makes 2x2 pixels of these.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.segmentation.cpu.kernels.compiled import called, compiled_apart
from lwrf_ros.segmentation.cpu.kernels.product import ADDEND, OUT, PANEL, SEGMENT
from lwrf_ros.segmentation.cpu.kernels.records import STEP, TERM
from lwrf_ros.segmentation.cpu.kernels.tile import UNROLLED
from lwrf_ros.segmentation.cpu.kernels.vectors import (
    FLOAT_BYTES,
    LANES,
    VECTOR_BYTES,
    call_at,
    larger,
    load,
    minus,
    plus,
    smaller,
    splat,
    store,
)

# Elements of a tile in the Winograd domain, and pixels of the result that it makes each way.
DOMAIN = 16
SIDE = 2
_UNBOUNDED = np.float32(np.inf)


def winograd_weights(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a 3x3 convolution's weights in the Winograd domain.

    Args:
        weights: ``(9 * channels, outputs)``, the window's rows first.

    Returns:
        ``(16, channels, outputs)``.
    """
    transform = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)
    # Rows and columns of the window at once: ``(16, 9)``.
    both = np.kron(transform, transform).astype(np.float32)
    elements: NDArray[np.float32] = both @ weights.reshape(9, -1)
    return elements.reshape(DOMAIN, -1, weights.shape[1])


@called
def _to_domain(a, b, c, d):
    """Transform four pixels in a row into the domain."""
    return minus(a, c), plus(b, c), minus(c, b), minus(b, d)


@called
def _column_to_domain(address, row, at):
    address += at
    return _to_domain(
        load(address), load(address + row), load(address + 2 * row), load(address + 3 * row)
    )


@called
def _store_four(elements, address, step):
    for element in range(4):
        store(elements[element], address + element * step)


@called
def _transform_input(term, tile_y, across, out, step):
    """Transform a row of tiles into the domain, each element `step` bytes behind the one before."""
    row, pixel = term.source_row, term.source_pixel
    corner = term.source + (tile_y * SIDE - 1) * row - pixel
    for tile in range(across):
        target = out + tile * term.channels * FLOAT_BYTES
        for at in range(0, term.channels * FLOAT_BYTES, VECTOR_BYTES):
            a0, a1, a2, a3 = _column_to_domain(corner, row, at)
            b0, b1, b2, b3 = _column_to_domain(corner + pixel, row, at)
            c0, c1, c2, c3 = _column_to_domain(corner + 2 * pixel, row, at)
            d0, d1, d2, d3 = _column_to_domain(corner + 3 * pixel, row, at)
            _store_four(_to_domain(a0, b0, c0, d0), target + at, step)
            _store_four(_to_domain(a1, b1, c1, d1), target + 4 * step + at, step)
            _store_four(_to_domain(a2, b2, c2, d2), target + 8 * step + at, step)
            _store_four(_to_domain(a3, b3, c3, d3), target + 12 * step + at, step)
        corner += SIDE * pixel


@called
def _from_domain(a, b, c, d):
    """Transform four elements in a row into two pixels."""
    return plus(plus(a, b), c), minus(minus(b, c), d)


@called
def _column_from_domain(address, step):
    return _from_domain(
        load(address),
        load(address + 4 * step),
        load(address + 8 * step),
        load(address + 12 * step),
    )


@called
def _transform_output(step, terms, tile_y, elements, element_step, channel, channels):
    """Write two rows of some channels of the result from the products of a row of tiles."""
    low, high = splat(step.low), splat(step.high)
    across = (step.width + SIDE - 1) // SIDE
    pixel = step.channels * FLOAT_BYTES
    for tile in range(across):
        for vector in range(0, channels, LANES):
            at = elements + (tile * channels + vector) * FLOAT_BYTES
            a0, a1 = _column_from_domain(at, element_step)
            b0, b1 = _column_from_domain(at + element_step, element_step)
            c0, c1 = _column_from_domain(at + 2 * element_step, element_step)
            d0, d1 = _column_from_domain(at + 3 * element_step, element_step)
            upper, lower = _from_domain(a0, b0, c0, d0), _from_domain(a1, b1, c1, d1)
            place = (channel + vector) * FLOAT_BYTES
            bias = load(step.bias + place)
            for row in range(SIDE):
                y = tile_y * SIDE + row
                pair = upper if row == 0 else lower
                for column in range(SIDE):
                    x = tile * SIDE + column
                    if y < step.source_height and x < step.width:
                        value = plus(pair[column], bias)
                        if step.has_addend != 0:
                            addend = terms[1].source + y * terms[1].source_row
                            value = plus(value, load(addend + x * pixel + place))
                        value = smaller(larger(value, low), high)
                        store(value, step.out + y * step.out_row + x * pixel + place)


_RECORDS = (numba.types.CPointer(numba.from_dtype(kind)) for kind in (STEP, TERM))


@compiled_apart(numba.void(*_RECORDS, *[numba.int64] * 4))
def winograd(steps, terms, begin, end, scratch, product):
    """Make the rows of tiles `begin` to `end` of a 3x3 convolution.

    Args:
        steps: Address of the step; its height is that of the tiles, `source_height` the result's.
        terms: Address of its term, and of what is added behind it.
        begin: First row of tiles.
        end: Row behind the last one.
        scratch: Address of the thread's memory.
        product: Address of `product.product`.
    """
    step, terms = numba.carray(steps, 1)[0], numba.carray(terms, 2)
    term = terms[0]
    across = (step.width + SIDE - 1) // SIDE
    pixel = term.channels * FLOAT_BYTES
    segment = np.empty(SEGMENT, dtype=np.int64)
    destinations = np.zeros((2, 2), dtype=np.int64)
    transformed, products = scratch + term.rows_at, scratch + term.work_at
    for first in range(begin, end, step.block):
        last = min(first + step.block, end)
        tiles = (last - first) * across
        for tile_y in range(first, last):
            place = (tile_y - first) * across
            _transform_input(term, tile_y, across, transformed + place * pixel, tiles * pixel)
        for channel in range(0, step.channels, PANEL):
            channels = min(PANEL, step.channels - channel)
            element_step = tiles * channels * FLOAT_BYTES
            for element in range(DOMAIN):
                segment[0] = transformed + element * tiles * pixel
                segment[1] = pixel
                segment[2] = term.channels // UNROLLED
                destinations[OUT, 0] = products + element * element_step
                destinations[OUT, 1] = channels * FLOAT_BYTES
                destinations[ADDEND, 0] = 0
                weights = step.weights + (channel * DOMAIN + element * channels) * pixel
                call_at(
                    product,
                    (
                        segment.ctypes.data,
                        np.int64(1),
                        destinations.ctypes.data,
                        np.int64(1),
                        tiles,
                        channels,
                        weights,
                        term.expand_bias,
                        -_UNBOUNDED,
                        _UNBOUNDED,
                    ),
                )
            for tile_y in range(first, last):
                place = (tile_y - first) * across * channels * FLOAT_BYTES
                _transform_output(
                    step, terms, tile_y, products + place, element_step, channel, channels
                )
