# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Shares of the classes in the regions of an image, counted on the host."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.classes.regions import Region
from lwrf_ros.segmentation.buffers import Recent


class RegionShares(NamedTuple):
    """Shares of the classes in a region.

    Attributes:
        name: The region's.
        coverage: ``(C,) float64``, the fraction of the region's pixels that each class holds.
        unlabelled: The fraction that is unlabelled; with `coverage` the sum is 1.
    """

    name: str
    coverage: NDArray[np.float64]
    unlabelled: float


class _Patch(NamedTuple):
    """Where a region is in label images of one size.

    Attributes:
        rows: Rows of the box around it.
        columns: Columns of it.
        mask: ``(h, w) uint8`` within the box, 255 inside; None where all of it is.
    """

    rows: slice
    columns: slice
    mask: NDArray[np.uint8] | None


class RegionCoverage:
    """Counts the classes in regions; the regions' pixels are kept for the sizes used last.

    Args:
        regions: The regions.
        num_classes: Number of classes C.
    """

    def __init__(self, regions: Sequence[Region], num_classes: int) -> None:
        self._regions = tuple(regions)
        self._num_classes = num_classes
        self._patches: Recent[list[_Patch]] = Recent()

    def __len__(self) -> int:
        return len(self._regions)

    def of(self, labels: NDArray[np.uint8]) -> list[RegionShares]:
        """Return what each class holds of each region of ``(H, W) uint8`` labels."""
        patches = self._patches.get(
            labels.shape, lambda: [_patch(region, *labels.shape) for region in self._regions]
        )
        return [
            self._count(region.name, labels, patch)
            for region, patch in zip(self._regions, patches, strict=True)
        ]

    def _count(self, name: str, labels: NDArray[np.uint8], patch: _Patch) -> RegionShares:
        box = labels[patch.rows, patch.columns]
        counts = cv2.calcHist([box], [0], patch.mask, [256], [0, 256])
        fractions = counts.ravel().astype(np.float64)
        fractions /= fractions.sum()
        return RegionShares(name, fractions[: self._num_classes], float(fractions[UNLABELLED]))


def _patch(region: Region, height: int, width: int) -> _Patch:
    """Return the pixels whose centres lie in a region; at least one."""
    corners = np.array(region.corners) * (width, height)
    columns, rows = _span(corners[:, 0]), _span(corners[:, 1])
    x = np.arange(columns.start, columns.stop) + 0.5
    y = np.arange(rows.start, rows.stop)[:, np.newaxis] + 0.5
    inside = np.zeros((len(y), len(x)), dtype=bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            inside ^= crosses & (x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    if not inside.any():
        # Smaller than a pixel, or between their centres: the pixel that its middle is in.
        middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
        column, row = np.minimum(middle.astype(int), (width - 1, height - 1))
        return _Patch(slice(row, row + 1), slice(column, column + 1), None)
    mask = None if inside.all() else np.where(inside, np.uint8(255), np.uint8(0))
    return _Patch(rows, columns, mask)


def _span(positions: NDArray[np.float64]) -> slice:
    """Return the pixels whose centres lie between the least and the greatest position."""
    return slice(math.ceil(positions.min() - 0.5), math.ceil(positions.max() - 0.5))
