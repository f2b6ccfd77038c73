# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From changes under a sliding square to an empirical receptive field and its size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

Map = NDArray[np.float32]


@dataclass(frozen=True)
class FieldSize:
    """How large a receptive field is.

    Attributes:
        side_px: Side of the square of the same area, in pixels of the network's input.
        share: Share of the image, 0..1.
        spread_px: Root mean square distance from the unit's centre, weighted by the change; it
            depends on no threshold. None where nothing changes.
    """

    side_px: float
    share: float
    spread_px: float | None


def pixel_map(cells: Map, stride_px: int, size: tuple[int, int]) -> Map:
    """Interpolate changes between the centres of the squares.

    Args:
        cells: ``(rows, columns)`` changes.
        stride_px: Side of a cell.
        size: ``(height, width)`` of the network's input in pixels.

    Returns:
        ``(height, width) float32``: the changes as shares of the largest; zero where there is
        none.
    """
    whole = (cells.shape[0] * stride_px, cells.shape[1] * stride_px)
    values = torch.from_numpy(cells)[None, None]
    fine = interpolate(values, size=whole, mode="bilinear", align_corners=False)[0, 0]
    largest = float(cells.max())
    shares = fine[: size[0], : size[1]] / largest if largest > 0 else torch.zeros(size)
    return shares.numpy()


def field_of(values: Map, threshold: float) -> NDArray[np.bool_]:
    """Return where values are at least a share of the largest, and not zero; ``(H, W) bool``."""
    return (values >= threshold * values.max()) & (values > 0)


def size_of(values: Map, centre_px: tuple[float, float], threshold: float) -> FieldSize:
    """Measure a receptive field.

    Args:
        values: ``(H, W)`` as of `pixel_map`.
        centre_px: ``(x, y)`` of the unit.
        threshold: Share of the largest value, 0..1.
    """
    area = int(field_of(values, threshold).sum())
    height, width = values.shape
    total = float(values.sum(dtype=np.float64))
    spread = None
    if total > 0:
        x = np.arange(width) + 0.5 - centre_px[0]
        y = np.arange(height) + 0.5 - centre_px[1]
        moment = values.sum(axis=0, dtype=np.float64) @ x**2
        moment += values.sum(axis=1, dtype=np.float64) @ y**2
        spread = float(np.sqrt(moment / total))
    return FieldSize(area**0.5, area / values.size, spread)


class CentredMean:
    """The mean of receptive fields, each moved so that its unit is in the middle.

    What a map does not know, because it lies outside of the image, counts as zero.

    Args:
        size: ``(height, width)`` of the maps.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        height, width = size
        self._size = size
        self._sum = np.zeros((2 * height, 2 * width), dtype=np.float64)
        self._count = 0

    @property
    def centre_px(self) -> tuple[float, float]:
        """The middle, ``(x, y)``, in pixels of `mean`."""
        height, width = self._size
        return width + 0.5, height + 0.5

    def add(self, values: Map, centre_px: tuple[float, float]) -> None:
        """Add a map ``(height, width)`` whose unit is at ``(x, y)``."""
        height, width = self._size
        top, left = height - int(centre_px[1]), width - int(centre_px[0])
        self._sum[top : top + height, left : left + width] += values
        self._count += 1

    def mean(self) -> Map:
        """Return the mean, ``(2 * height, 2 * width)``."""
        return (self._sum / max(1, self._count)).astype(np.float32)
