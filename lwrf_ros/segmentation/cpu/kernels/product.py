# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Rows of pixels times the weights of a convolution: where nearly all the time goes."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.segmentation.cpu.kernels.compiled import called, compiled_apart
from lwrf_ros.segmentation.cpu.kernels.records import MOST_KERNEL, MOST_TERMS
from lwrf_ros.segmentation.cpu.kernels.tile import TILE_PIXELS, TILE_SIZES, TILES, UNROLLED
from lwrf_ros.segmentation.cpu.kernels.vectors import FLOAT_BYTES, LANES, load_int

# Rows that go through the weights together, at most.
MOST_ROWS = 32
# Segments of a row, over all terms: one for each row of a window.
MOST_SEGMENTS = MOST_TERMS * MOST_KERNEL
# Output channels that share a panel of weights.
PANEL = 2 * LANES
# int64 of a segment: address of pixel 0, bytes from pixel to pixel, channels over UNROLLED.
SEGMENT = 3
# Destinations of a row: address of pixel 0, bytes from pixel to pixel.
OUT, ADDEND = range(2)
_ROW_OF_SEGMENTS = MOST_SEGMENTS * SEGMENT * 8
_ROW_OF_DESTINATIONS = 2 * 2 * 8


def panels(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return weights ``(..., outputs)`` panel by panel, each ``(..., PANEL)``, flat.

    The last one may be of a single vector of outputs.
    """
    outputs = weights.shape[-1]
    return np.concatenate([weights[..., n : n + PANEL].ravel() for n in range(0, outputs, PANEL)])


def _row_of_tiles(vectors):
    """Build the product of a row of pixels with the weights of some output channels."""
    tile, tile_by_4, tile_by_2, tile_by_1 = (TILES[pixels, vectors] for pixels in TILE_SIZES)

    @called
    def row_of_tiles(segments, count, destinations, width, channel, weights, bias, low, high):
        x = 0
        while x + TILE_PIXELS <= width:
            tile(segments, count, destinations, x, channel, weights, bias, low, high)
            x += TILE_PIXELS
        if x + 4 <= width:
            tile_by_4(segments, count, destinations, x, channel, weights, bias, low, high)
            x += 4
        if x + 2 <= width:
            tile_by_2(segments, count, destinations, x, channel, weights, bias, low, high)
            x += 2
        if x < width:
            tile_by_1(segments, count, destinations, x, channel, weights, bias, low, high)

    return row_of_tiles


_row_by_2 = _row_of_tiles(2)
_row_by_1 = _row_of_tiles(1)
_int64, _float32 = numba.int64, numba.float32


@compiled_apart(numba.void(*[_int64] * 8, _float32, _float32))
def product(segments, count, destinations, rows, width, channels, weights, bias, low, high):
    """Multiply rows of pixels with all output channels' weights, a panel of weights after another.

    Args:
        segments: Address of ``(rows, MOST_SEGMENTS, SEGMENT) int64``.
        count: Segments of a row.
        destinations: Address of ``(rows, 2, 2) int64``: see `product_tile`.
        rows: How many of both.
        width: Pixels of a row.
        channels: Output channels.
        weights: Address of what `panels` makes of ``(inputs, channels)``.
        bias: Address of ``(channels,) float32``.
        low: Least value.
        high: Largest value.
    """
    inputs = 0
    for segment in range(count):
        inputs += load_int(segments + (segment * SEGMENT + 2) * 8) * UNROLLED
    for channel in range(0, channels, PANEL):
        offset = channel * FLOAT_BYTES
        panel = weights + inputs * offset
        for row in range(rows):
            s, p = segments + row * _ROW_OF_SEGMENTS, destinations + row * _ROW_OF_DESTINATIONS
            if channel + PANEL <= channels:
                _row_by_2(s, count, p, width, offset, panel, bias + offset, low, high)
            else:
                _row_by_1(s, count, p, width, offset, panel, bias + offset, low, high)
