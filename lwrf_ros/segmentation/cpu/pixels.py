# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A frame's pixels on a CPU: camera bytes to network input, logits to labels, a row at a time.

Both directions stretch an image bilinearly. Columns are stretched once for every row of the source,
into two rows that are kept; what is left for every row of the target is a blend of these two, which
the compiler turns into vector instructions. Nothing larger than a few rows is made in between.

Every kernel works on the rows of a band and lets go of the interpreter's lock, so that threads
share an image between them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.segmentation.cpu.kernels.compiled import compiled
from lwrf_ros.segmentation.postprocess import NOT_FINITE

# An `Axis` as numba sees it.
_AXIS = "Tuple((int64[::1], int64[::1], float32[::1]))"
# 2**f for 0 <= f < 1, from the highest power down: largest relative error 2e-7.
_EXP2 = np.array(
    [1.8775767e-3, 8.9893397e-3, 5.5826318e-2, 2.4015361e-1, 6.9315308e-1, 9.9999994e-1],
    dtype=np.float32,
)
_LOG2_E = np.float32(1.4426950408889634)
_LEAST_EXPONENT = np.float32(-126.0)
# Of a float32's bits: all but the sign, and those of infinity.
_WITHOUT_SIGN = np.int32(0x7FFFFFFF)
_INFINITY = np.int32(0x7F800000)


# A plain tuple: numba would compile every kernel anew for a class of ours.
Axis = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]


def bilinear_axis(source: int, target: int) -> Axis:
    """Return where the pixels of a stretched axis come from, with half-pixel centres.

    Args:
        source: Pixels of the source.
        target: Pixels of the target.

    Returns:
        ``(target,)`` each: index of the source pixel before a target pixel, index of the one
        behind it, and the share 0..1 of the second.
    """
    centres = np.maximum((np.arange(target) + 0.5) * (source / target) - 0.5, 0.0)
    first = np.minimum(centres.astype(np.int64), source - 1)
    second = np.minimum(first + 1, source - 1)
    return first, second, (centres - first).astype(np.float32)


@compiled(f"void(uint8[:, :], int64[::1], float32[::1], float32[::1], {_AXIS}, float32[:, ::1])")
def _stretch_pixels(row, order, scale, offset, columns, out):
    """Stretch and normalise one row of pixels ``(W, channels) uint8`` into ``(3, w)``."""
    first, second, share = columns
    for channel in range(3):
        source = order[channel]
        factor, constant = scale[channel], offset[channel]
        target = out[channel]
        for x in range(target.shape[0]):
            left = np.float32(row[first[x], source])
            right = np.float32(row[second[x], source])
            target[x] = (left + (right - left) * share[x]) * factor + constant


@compiled(
    f"void(uint8[:, :, :], int64[::1], float32[::1], float32[::1], {_AXIS}, {_AXIS}, "
    "float32[:, :, ::1], int64, int64)"
)
def stretch_rows(image, order, scale, offset, rows, columns, out, begin, end):
    """Stretch an image to the network's input and normalise it, for some rows of the output.

    Args:
        image: ``(H, W, channels) uint8``, any strides.
        order: ``(3,) int64``: which channel of the image is red, green, blue.
        scale: ``(3,) float32`` factor of each channel.
        offset: ``(3,) float32`` that is added to each channel.
        rows: The vertical `Axis`.
        columns: The horizontal `Axis`.
        out: ``(3, h, w) float32``, filled.
        begin: First row of the output to fill.
        end: Row behind the last one.
    """
    width = out.shape[2]
    first_row, second_row, row_weight = rows
    upper = np.empty((3, width), dtype=np.float32)
    lower = np.empty((3, width), dtype=np.float32)
    upper_is = lower_is = -1
    for y in range(begin, end):
        if first_row[y] == lower_is:
            upper, lower = lower, upper
            upper_is, lower_is = lower_is, upper_is
        if first_row[y] != upper_is:
            upper_is = first_row[y]
            _stretch_pixels(image[upper_is], order, scale, offset, columns, upper)
        if second_row[y] != lower_is:
            lower_is = second_row[y]
            _stretch_pixels(image[lower_is], order, scale, offset, columns, lower)
        weight = row_weight[y]
        for channel in range(3):
            target = out[channel, y]
            above, below = upper[channel], lower[channel]
            for x in range(width):
                target[x] = above[x] + (below[x] - above[x]) * weight


@compiled(f"void(float32[:, :, ::1], int64, {_AXIS}, float32[:, ::1])")
def _stretch_scores(logits, y, columns, out):
    """Stretch row `y` of every class ``(C, h, w)`` into ``(C, W)``."""
    first, second, share = columns
    for c in range(logits.shape[0]):
        source, target = logits[c, y], out[c]
        for x in range(target.shape[0]):
            left, right = source[first[x]], source[second[x]]
            target[x] = left + (right - left) * share[x]


@compiled("boolean(int32[:, :, ::1], int64)")
def _is_broken(bits, y):
    """Tell whether row `y` of any class has a score that is no number.

    Looked for in the logits, which are fewer than the image's pixels, by their bits, so that it
    costs next to nothing: NaN and infinity are those with every bit of the exponent set.
    """
    largest = np.int32(0)
    for c in range(bits.shape[0]):
        row = bits[c, y]
        for x in range(row.shape[0]):
            largest = max(largest, row[x] & _WITHOUT_SIGN)
    return largest >= _INFINITY


@compiled("int64(float32[:, ::1], float32[:, ::1], uint8[::1], uint8[::1])")
def _take_out(upper, lower, labels, confidence):
    """Take the label from every pixel between two rows that has a score that is no number.

    Args:
        upper: ``(C, W) float32``, the row of scores above the pixels.
        lower: ``(C, W) float32``, the row below.
        labels: ``(W,) uint8``, changed to 255 there.
        confidence: ``(W,) uint8``, changed to 0 there; ``(0,)`` for none.

    Returns:
        The number of these pixels.
    """
    taken = 0
    for x in range(labels.shape[0]):
        # 0, unless one of them is no number.
        check = np.float32(0)
        for c in range(upper.shape[0]):
            check += upper[c, x] * np.float32(0) + lower[c, x] * np.float32(0)
        if check != 0:
            labels[x] = UNLABELLED
            if confidence.shape[0] > 0:
                confidence[x] = 0
            taken += 1
    return taken


@compiled(
    f"void(float32[:, :, ::1], {_AXIS}, {_AXIS}, float32, float32, uint8[:, ::1], uint8[:, ::1], "
    "int64[::1], int64, int64)"
)
def label_rows(
    logits, rows, columns, inverse_temperature, least, labels, confidence, counts, begin, end
):
    """Fill some rows of labels and, if wanted, of confidence from the logits of one image.

    Args:
        logits: ``(C, h, w) float32``.
        rows: The vertical `Axis`.
        columns: The horizontal `Axis`.
        inverse_temperature: What the logits are multiplied by before the softmax.
        least: Least probability 0..1 that a label needs.
        labels: ``(H, W) uint8``, filled; of two equal scores the class of lower index wins. 255
            where the probability is too low or a score is no number (NaN, infinity).
        confidence: ``(H, W) uint8``, filled with 255 times the probability, rounded, 0 where a
            score is no number; of no rows where it is not wanted.
        counts: ``(257,) int64`` pixels by label, and at `NOT_FINITE` those with a score that is no
            number, which are among the unlabelled; the band's are added.
        begin: First row to fill.
        end: Row behind the last one.
    """
    first_row, second_row, row_weight = rows
    classes, width = logits.shape[0], labels.shape[1]
    upper = np.empty((classes, width), dtype=np.float32)
    lower = np.empty((classes, width), dtype=np.float32)
    best = np.empty(width, dtype=np.float32)
    index = np.empty(width, dtype=np.int32)
    total = np.empty(width, dtype=np.float32)
    bits = np.empty(width, dtype=np.int32)
    power = bits.view(np.float32)
    wants_confidence = confidence.shape[0] > 0
    nothing = np.empty(0, dtype=np.uint8)
    logits_bits = logits.view(np.int32)
    upper_is = lower_is = -1
    upper_broken = lower_broken = False
    for y in range(begin, end):
        if first_row[y] == lower_is:
            upper, lower = lower, upper
            upper_is, lower_is = lower_is, upper_is
            upper_broken, lower_broken = lower_broken, upper_broken
        if first_row[y] != upper_is:
            upper_is = first_row[y]
            _stretch_scores(logits, upper_is, columns, upper)
            upper_broken = _is_broken(logits_bits, upper_is)
        if second_row[y] != lower_is:
            lower_is = second_row[y]
            _stretch_scores(logits, lower_is, columns, lower)
            lower_broken = _is_broken(logits_bits, lower_is)
        weight = row_weight[y]
        above, below = upper[0], lower[0]
        for x in range(width):
            best[x] = above[x] + (below[x] - above[x]) * weight
            index[x] = 0
        for c in range(1, classes):
            above, below = upper[c], lower[c]
            for x in range(width):
                score = above[x] + (below[x] - above[x]) * weight
                index[x] = c if score > best[x] else index[x]
                best[x] = score if score > best[x] else best[x]
        target = labels[y]
        for x in range(width):
            target[x] = index[x]
        if wants_confidence or least > 0:
            factor = inverse_temperature * _LOG2_E
            for x in range(width):
                total[x] = 0
            for c in range(classes):
                above, below = upper[c], lower[c]
                for x in range(width):
                    score = above[x] + (below[x] - above[x]) * weight
                    exponent = max((score - best[x]) * factor, _LEAST_EXPONENT)
                    whole = np.floor(exponent)
                    # The bits of 2**whole as a float, to be read through `power`.
                    bits[x] = (np.int32(whole) + np.int32(127)) << np.int32(23)
                    part = exponent - whole
                    value = _EXP2[0]
                    value = value * part + _EXP2[1]
                    value = value * part + _EXP2[2]
                    value = value * part + _EXP2[3]
                    value = value * part + _EXP2[4]
                    value = value * part + _EXP2[5]
                    total[x] += value * power[x]
            for x in range(width):
                total[x] = np.float32(1) / max(total[x], np.float32(1))
            if least > 0:
                for x in range(width):
                    target[x] = UNLABELLED if total[x] < least else target[x]
            if wants_confidence:
                sure = confidence[y]
                for x in range(width):
                    sure[x] = np.uint8(total[x] * np.float32(255) + np.float32(0.5))
        if upper_broken or lower_broken:
            sure = confidence[y] if wants_confidence else nothing
            counts[NOT_FINITE] += _take_out(upper, lower, target, sure)
        for x in range(width):
            counts[target[x]] += 1
