# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Several looks at one image: tiles with soft borders, and maps put back where they belong."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Of a tile's side, at least; what is close to a border has been seen without its surroundings.
OVERLAP = 0.25


@dataclass(frozen=True, eq=False)
class Tile:
    """A part of an image.

    Attributes:
        rows: Where it is.
        columns: Where it is.
        weight: ``(h, w) float32`` above 0, falling towards borders that another tile covers.
    """

    rows: slice
    columns: slice
    weight: NDArray[np.float32]


def tiles(height: int, width: int, scale: float) -> list[Tile]:
    """Cover an image with tiles that overlap.

    Args:
        height: Rows of the image.
        width: Columns of the image.
        scale: How much larger a tile is seen than the whole image would be: up to 1 it is the
            whole; up to 2 there are 2x2 tiles, up to 3 there are 3x3. Tiles that overlap by a
            quarter cover a little more than the scale asks for: 4/7 of each side at 2.
    """
    rows, columns = _spans(height, scale), _spans(width, scale)
    return [
        Tile(slice(*y), slice(*x), np.outer(_ramp(y, rows), _ramp(x, columns)))
        for y in rows
        for x in columns
    ]


def _spans(length: int, scale: float) -> list[tuple[int, int]]:
    count = max(1, math.ceil(scale))
    part = max(1 / max(scale, 1.0), 1 / (count - (count - 1) * OVERLAP))
    size = min(length, math.ceil(length * part))
    starts = np.rint(np.linspace(0, length - size, count)).astype(int)
    return [(int(start), int(start) + size) for start in dict.fromkeys(starts)]


def _ramp(span: tuple[int, int], spans: list[tuple[int, int]]) -> NDArray[np.float32]:
    """Return weights that rise from 0 to 1 where the neighbour's fall."""
    start, stop = span
    place = np.arange(start, stop, dtype=np.float32) + 0.5
    weight = np.ones(stop - start, dtype=np.float32)
    number = spans.index(span)
    if number > 0:
        weight = np.minimum(weight, (place - start) / max(1, spans[number - 1][1] - start))
    if number + 1 < len(spans):
        weight = np.minimum(weight, (stop - place) / max(1, stop - spans[number + 1][0]))
    return weight


def resample(
    planes: NDArray[np.float32], part: tuple[float, float], size: tuple[int, int]
) -> NDArray[np.float32]:
    """Stretch the upper left part of maps over a rectangle, bilinear with half-pixel centres.

    Args:
        planes: ``(K, h, w) float32``.
        part: Rows and columns of the part, as fractions of the maps.
        size: ``(height, width)`` of the result.

    Returns:
        ``(K, height, width) float32``.
    """
    if part == (1.0, 1.0):  # all of it, which OpenCV does faster
        return np.stack(
            [cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in planes]
        )
    for axis in (1, 2):
        length, wanted = planes.shape[axis], size[axis - 1]
        centres = (np.arange(wanted) + 0.5) * (part[axis - 1] * length / wanted) - 0.5
        # Not beyond the part: what is behind it was not the image.
        centres = np.clip(centres, 0, max(part[axis - 1] * length - 1, 0))
        before = np.floor(centres).astype(int)
        share = (centres - before).astype(np.float32)
        share = share[:, None] if axis == 1 else share
        after = np.minimum(before + 1, length - 1)
        planes = planes.take(before, axis) * (1 - share) + planes.take(after, axis) * share
    return planes
