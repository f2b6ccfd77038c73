# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Steps other than convolutions: image to map, map to logits, and pixel-wise operations."""

from __future__ import annotations

import math

import numpy as np

from lwrf_ros.segmentation.cpu.kernels.compiled import called
from lwrf_ros.segmentation.cpu.kernels.records import Activation, Kind
from lwrf_ros.segmentation.cpu.kernels.vectors import (
    FLOAT_BYTES,
    LANES,
    VECTOR_BYTES,
    larger,
    load,
    load_one,
    plus,
    smaller,
    splat,
    store,
    store_one,
    times,
)

_MULTIPLY = int(Kind.MULTIPLY)
_CLAMP, _SIGMOID, _SILU = (
    int(function) for function in (Activation.CLAMP, Activation.SIGMOID, Activation.SILU)
)
_HARD_SIGMOID = int(Activation.HARD_SIGMOID)


@called
def interleave_rows(step, begin, end):
    """Make pixels of four channels of three planes; the fourth stays zero."""
    for y in range(begin, end):
        for channel in range(3):
            plane = step.source + (channel * step.height + y) * step.source_row
            target = step.out + y * step.out_row + channel * FLOAT_BYTES
            for x in range(step.width):
                store_one(load_one(plane + x * FLOAT_BYTES), target + x * step.out_pixel)


@called
def pointwise_rows(step, begin, end):
    """Make products of maps, and activations; a map of one pixel goes with all."""
    low, high = splat(step.low), splat(step.high)
    for y in range(begin, end):
        for x in range(step.width):
            source = step.source + y * step.source_row + x * step.source_pixel
            other = step.other + y * step.other_row + x * step.other_pixel
            target = step.out + y * step.out_row + x * step.out_pixel
            for at in range(0, step.channels * FLOAT_BYTES, VECTOR_BYTES):
                value = load(source + at)
                if step.kind == _MULTIPLY:
                    value = times(value, load(other + at))
                elif step.function != _CLAMP:
                    for lane in range(LANES):
                        place = lane * FLOAT_BYTES + at
                        store_one(_activated(step, load_one(source + place)), target + place)
                    continue
                store(smaller(larger(value, low), high), target + at)


@called
def _activated(step, value):
    one = np.float32(1)
    if step.function == _SIGMOID or step.function == _SILU:
        gate = one / (one + np.float32(math.exp(-value)))
        return gate if step.function == _SIGMOID else value * gate
    gate = min(max(value / np.float32(6) + np.float32(0.5), np.float32(0)), one)
    return gate if step.function == _HARD_SIGMOID else value * gate


@called
def copy_rows(step, begin, end):
    """Copy a part of a map into a part of another one; outside the source there are zeros."""
    for y in range(begin, end):
        source_y = y + step.top
        for x in range(step.width):
            source_x = x + step.left
            source = step.source + source_y * step.source_row + source_x * step.source_pixel
            target = step.out + y * step.out_row + x * step.out_pixel
            target += step.first_channel * FLOAT_BYTES
            inside = 0 <= source_y < step.source_height and 0 <= source_x < step.source_width
            for at in range(0, step.channels * FLOAT_BYTES, FLOAT_BYTES):
                store_one(load_one(source + at) if inside else np.float32(0), target + at)


@called
def mean_of_map(step):
    """Make the mean over a whole map."""
    share = splat(np.float32(1 / (step.source_height * step.source_width)))
    for at in range(0, step.channels * FLOAT_BYTES, VECTOR_BYTES):
        total = splat(np.float32(0))
        for y in range(step.source_height):
            address = step.source + y * step.source_row + at
            for _ in range(step.source_width):
                total = plus(total, load(address))
                address += step.source_pixel
        store(times(total, share), step.out + at)


@called
def logits_rows(step, begin, end, work):
    """Make planes of the sums over a split classifier's window, or of a map as it is."""
    classes = step.channels
    rounded = (classes + LANES - 1) // LANES * LANES
    side = 3 if step.positions > 1 else 1
    for y in range(begin, end):
        for x in range(step.width):
            for first in range(0, classes, LANES):
                value = load(step.bias + first * FLOAT_BYTES)
                for position in range(step.positions):
                    # What is outside is a border of zeros.
                    source_y = y + position // side - side // 2
                    source_x = x + position % side - side // 2
                    address = step.source + source_y * step.source_row
                    address += source_x * step.source_pixel
                    value = plus(value, load(address + (position * classes + first) * FLOAT_BYTES))
                store(value, work + (x * rounded + first) * FLOAT_BYTES)
        for channel in range(classes):
            target = step.out + (channel * step.height + y) * step.out_row
            for x in range(step.width):
                value = load_one(work + (x * rounded + channel) * FLOAT_BYTES)
                store_one(value, target + x * FLOAT_BYTES)
