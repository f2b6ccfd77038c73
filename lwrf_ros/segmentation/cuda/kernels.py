# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Both ends of a frame as one Triton kernel each: camera bytes to input, logits to labels.

Needs triton, which CUDA builds of torch bring on x86-64; `launch` calls them.

Neither kernel keeps an intermediate result in memory. Each program makes a tile of the result and
goes back to the source for the four neighbours of every pixel; where a map is enlarged, as logits
are, neighbouring pixels share them, and they come from the first-level cache.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import triton
import triton.language as tl


def _kernel(function: Callable[..., None]) -> Any:
    """Compile a kernel once for each combination of dtypes and `tl.constexpr`, and for no more.

    Unless told otherwise Triton compiles anew when an integer becomes 1 or a multiple of 16, or a
    pointer aligned to 16 bytes: with sizes and strides among the arguments, at another image size,
    in the middle of driving. Here it would gain nothing: the loads are gathers of single elements.
    """
    parameters = inspect.signature(function).parameters.values()
    numbers = [one.name for one in parameters if "constexpr" not in str(one.annotation)]
    return triton.jit(do_not_specialize=numbers)(function)


@triton.jit
def _taps(position, scale, size):
    """Return what an output coordinate lies between: two indices, and how far behind the first.

    Pixel centres are at halves and the edges are repeated. Coordinates beyond the output, of the
    tile's overhang, give valid indices too, so that no load needs a mask.
    """
    source = tl.maximum((position.to(tl.float32) + 0.5) * scale - 0.5, 0.0)
    low = tl.minimum(source.to(tl.int32), size - 1)
    high = tl.minimum(low + 1, size - 1)
    return low, high, source - low.to(tl.float32)


@triton.jit
def _weighted(
    plane,
    above_left,
    above_right,
    below_left,
    below_right,
    weight_al,
    weight_ar,
    weight_bl,
    weight_br,
):
    """Return the weighted sum of four elements of a plane, in float32."""
    total = tl.load(plane + above_left).to(tl.float32) * weight_al
    total += tl.load(plane + above_right).to(tl.float32) * weight_ar
    total += tl.load(plane + below_left).to(tl.float32) * weight_bl
    total += tl.load(plane + below_right).to(tl.float32) * weight_br
    return total


@_kernel
def input_kernel(
    image,
    image_height,
    image_width,
    image_row,
    image_column,
    first_channel,
    channel_step,
    out,
    out_height,
    out_width,
    out_channel,
    out_row,
    out_column,
    scale_y,
    scale_x,
    red_scale,
    green_scale,
    blue_scale,
    red_offset,
    green_offset,
    blue_offset,
    TILE_Y: tl.constexpr,
    TILE_X: tl.constexpr,
):
    """Stretch and normalise. A row is taken as its 3 x width values, as channels last lie.

    So neighbouring threads write neighbouring values, and read neighbouring bytes, whatever the
    channel; with a thread a pixel, each of three writes would leave two gaps of three.
    """
    y = tl.program_id(1) * TILE_Y + tl.arange(0, TILE_Y)
    value = tl.program_id(0) * TILE_X + tl.arange(0, TILE_X)
    x = value // 3
    channel = value - 3 * x
    above, below, down = _taps(y, scale_y, image_height)
    left, right, across = _taps(x, scale_x, image_width)
    above, below, down = above[:, None] * image_row, below[:, None] * image_row, down[:, None]
    source = first_channel + channel * channel_step
    left = (left * image_column + source)[None, :]
    right = (right * image_column + source)[None, :]
    across = across[None, :]
    grey = _weighted(
        image,
        above + left,
        above + right,
        below + left,
        below + right,
        (1.0 - down) * (1.0 - across),
        (1.0 - down) * across,
        down * (1.0 - across),
        down * across,
    )
    scale = tl.where(channel == 0, red_scale, tl.where(channel == 1, green_scale, blue_scale))
    offset = tl.where(channel == 0, red_offset, tl.where(channel == 1, green_offset, blue_offset))
    normalised = grey * scale[None, :] + offset[None, :]
    target = out + y[:, None] * out_row + (x * out_column + channel * out_channel)[None, :]
    inside = (y < out_height)[:, None] & (x < out_width)[None, :]
    tl.store(target, normalised.to(out.dtype.element_ty), mask=inside)


@_kernel
def label_kernel(
    logits,
    logits_height,
    logits_width,
    logits_class,
    logits_row,
    logits_column,
    labels,
    labels_row,
    confidence,
    confidence_row,
    counts,
    height,
    width,
    scale_y,
    scale_x,
    sharpness,
    min_confidence,
    CLASSES: tl.constexpr,
    UNLABELLED: tl.constexpr,
    NOT_FINITE: tl.constexpr,
    BINS: tl.constexpr,
    WITH_PROBABILITY: tl.constexpr,
    WITH_CONFIDENCE: tl.constexpr,
    TILE_Y: tl.constexpr,
    TILE_X: tl.constexpr,
):
    """Interpolate class after class, and keep of each pixel the best so far and a running sum.

    The sum is that of the softmax, relative to the best so far, which makes the probability of the
    best its reciprocal (Milakov and Gimelshein 2018). Relative to the better of two, one of their
    terms is 1, so one exponential serves both the new best and the new term.

    `check` stays 0 as long as every score is a number, and is NaN afterwards: such a pixel is
    unlabelled, with confidence 0, and the count at `NOT_FINITE` is not 0 then.

    `sharpness` is log2(e) over the temperature. Neither it nor the probability touches what the
    labels are chosen by.
    """
    top = tl.program_id(1) * TILE_Y
    start = tl.program_id(0) * TILE_X
    y = top + tl.arange(0, TILE_Y)
    x = start + tl.arange(0, TILE_X)
    above, below, down = _taps(y, scale_y, logits_height)
    left, right, across = _taps(x, scale_x, logits_width)
    above, below, down = above[:, None] * logits_row, below[:, None] * logits_row, down[:, None]
    left, right = left[None, :] * logits_column, right[None, :] * logits_column
    across = across[None, :]
    above_left, above_right = above + left, above + right
    below_left, below_right = below + left, below + right
    # Multiplied out before the loop: four operations a class instead of six.
    weight_al, weight_ar = (1.0 - down) * (1.0 - across), (1.0 - down) * across
    weight_bl, weight_br = down * (1.0 - across), down * across

    best = _weighted(
        logits,
        above_left,
        above_right,
        below_left,
        below_right,
        weight_al,
        weight_ar,
        weight_bl,
        weight_br,
    )
    check = best * 0.0
    label = tl.full([TILE_Y, TILE_X], 0, tl.int32)
    total = tl.full([TILE_Y, TILE_X], 1.0, tl.float32)
    for k in range(1, CLASSES):
        # The pointer moves on, in 64 bits; offsets stay within a plane.
        logits += logits_class
        score = _weighted(
            logits,
            above_left,
            above_right,
            below_left,
            below_right,
            weight_al,
            weight_ar,
            weight_bl,
            weight_br,
        )
        check += score * 0.0
        # Greater, not equal: of equals the first stays, as with torch.max.
        better = score > best
        if WITH_PROBABILITY:
            other = tl.exp2(-tl.abs(score - best) * sharpness)
            total = tl.where(better, total * other + 1.0, total + other)
        label = tl.where(better, k, label)
        best = tl.where(better, score, best)

    inside = (y < height)[:, None] & (x < width)[None, :]
    sound = check == 0.0
    if WITH_PROBABILITY:
        probability = tl.where(sound, 1.0 / total, 0.0)
        if WITH_CONFIDENCE:
            target = confidence + y[:, None] * confidence_row + x[None, :]
            rounded = (probability * 255.0 + 0.5).to(tl.int32)
            tl.store(target, rounded.to(tl.uint8), mask=inside)
        label = tl.where(probability < min_confidence, UNLABELLED, label)
    label = tl.where(sound, label, UNLABELLED)
    target = labels + y[:, None] * labels_row + x[None, :]
    tl.store(target, label.to(tl.uint8), mask=inside)

    # A histogram of the tile first: added one by one, the pixels would queue up at the counts of a
    # few classes. The last bin in use, CLASSES, holds the unlabelled, and what overhangs the image
    # until that is taken off again.
    labelled = inside & (label != UNLABELLED)
    pixels = tl.where(labelled, label, CLASSES)
    found = tl.histogram(tl.reshape(pixels, [TILE_Y * TILE_X]), BINS)
    bins = tl.arange(0, BINS)
    within = tl.minimum(height - top, TILE_Y) * tl.minimum(width - start, TILE_X)
    found -= tl.where(bins == CLASSES, TILE_Y * TILE_X - within, 0)
    target = counts + tl.where(bins == CLASSES, UNLABELLED, bins)
    tl.atomic_add(target, found.to(counts.dtype.element_ty), mask=found > 0, sem="relaxed")
    # No sum: that there are any is enough to know, and one writer is as good as another.
    flag = counts + NOT_FINITE + tl.zeros([TILE_Y, TILE_X], tl.int32)
    one = tl.full([TILE_Y, TILE_X], 1, counts.dtype.element_ty)
    tl.store(flag, one, mask=inside & (check != 0.0))
