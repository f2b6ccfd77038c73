# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Masks and probabilities of images, by one teacher or several, from one view or several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.labelling.teacher import Teacher
from lwrf_ros.labelling.views import tiles

# Views are put together at the image's own size, or so many pixels on its longer side: more is
# more than a network's scores hold, and takes memory for every class.
GRID_PX = 1024
# Of stored probabilities, beside the image: the size of this project's own logits.
STORED_STRIDE = 4


@dataclass(frozen=True)
class LabellerOptions:
    """How labels are made of what the teachers see.

    Attributes:
        scales: Sizes at which they look, 1 is the whole image in their input.
        mirror: Whether they look at the mirrored image too.
        min_confidence: Pixels less probable than this (0..1) are unlabelled.
        agree: Whether pixels that teachers label differently are unlabelled.
    """

    scales: tuple[float, ...] = (1.0,)
    mirror: bool = False
    min_confidence: float = 0.0
    agree: bool = False


@dataclass(frozen=True, eq=False)
class Labels:
    """The teachers' labels of an image.

    Attributes:
        mask: ``(H, W) uint8`` class indices, 255 where unlabelled.
        probabilities: ``(C, ceil(H / 4), ceil(W / 4)) uint8``, 255 for 1.
        confidence: Mean probability of the labelled pixels' labels, 0 if there are none.
    """

    mask: NDArray[np.uint8]
    probabilities: NDArray[np.uint8]
    confidence: float


class Labeller:
    """Makes labels.

    Args:
        teachers: At least one.
        options: How.
    """

    def __init__(self, teachers: Sequence[Teacher], options: LabellerOptions) -> None:
        self._teachers = teachers
        self._options = options

    def label(self, image: NDArray[np.uint8]) -> Labels:
        """Label an image, ``(H, W, 3) uint8 RGB``."""
        size = image.shape[:2]
        seen = [self._seen_by(teacher, image) for teacher in self._teachers]
        weights = [teacher.description.weight for teacher in self._teachers]
        mean = sum(one * np.float32(weight) for one, weight in zip(seen, weights, strict=True))
        mean /= np.float32(sum(weights))
        mask, probability = winners(mean, size)
        unsure = probability < self._options.min_confidence
        if self._options.agree:
            for one in seen:
                unsure |= winners(one, size)[0] != mask
        mask[unsure] = UNLABELLED
        labelled = mask != UNLABELLED
        confidence = float(probability[labelled].mean()) if labelled.any() else 0.0
        return Labels(mask, stored(mean[:-1], size), confidence)

    def _seen_by(self, teacher: Teacher, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return a teacher's ``(C + 1, h, w)`` mean over all views."""
        shrink = min(1.0, GRID_PX / max(image.shape))
        height, width = (max(1, round(length * shrink)) for length in image.shape[:2])
        grid = (height, width)
        first, *others = self._options.scales
        total = self._seen_at(teacher, image, grid, first)
        for scale in others:
            total += self._seen_at(teacher, image, grid, scale)
        return total / np.float32(len(self._options.scales))

    def _seen_at(
        self, teacher: Teacher, image: NDArray[np.uint8], grid: tuple[int, int], scale: float
    ) -> NDArray[np.float32]:
        parts = tiles(*grid, scale)
        if len(parts) == 1:
            return self._seen_in(teacher, image, grid, min(scale, 1.0))
        weights = np.zeros(grid, dtype=np.float32)
        total = np.zeros((teacher.planes, *grid), dtype=np.float32)
        for tile in parts:
            rows = _on_image(tile.rows, image.shape[0] / grid[0])
            columns = _on_image(tile.columns, image.shape[1] / grid[1])
            seen = self._seen_in(teacher, image[rows, columns], tile.weight.shape, 1.0)
            total[:, tile.rows, tile.columns] += seen * tile.weight
            weights[tile.rows, tile.columns] += tile.weight
        total /= weights
        return total

    def _seen_in(
        self, teacher: Teacher, image: NDArray[np.uint8], size: tuple[int, int], scale: float
    ) -> NDArray[np.float32]:
        seen = teacher.probabilities(image, size, scale)
        if self._options.mirror:
            mirrored = np.ascontiguousarray(image[:, ::-1])
            seen += teacher.probabilities(mirrored, size, scale)[..., ::-1]
            seen /= 2
        return seen


def _on_image(span: slice, stretch: float) -> slice:
    """Return the pixels of an image that some of the grid cover."""
    return slice(round(span.start * stretch), max(round(span.stop * stretch), 1))


def winners(
    planes: NDArray[np.float32], size: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Find the most probable class of each pixel.

    Args:
        planes: ``(C + 1, h, w) float32``, the last for everything that is no class.
        size: ``(H, W)`` of the image.

    Returns:
        ``(H, W) uint8`` class indices, 255 where the last plane is above all others; ``(H, W)
        float32`` its probability.
    """
    # Class by class: all of them at the size of a large photograph do not fit everywhere.
    labels = np.zeros(size, dtype=np.uint8)
    best = np.full(size, -1.0, dtype=np.float32)
    for index, plane in enumerate(planes):
        if plane.shape != size:
            plane = cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR)
        better = plane > best
        labels[better] = index if index < len(planes) - 1 else UNLABELLED
        np.maximum(best, plane, out=best)
    return labels, best


def stored(planes: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return probabilities as they are stored.

    Args:
        planes: ``(C, h, w) float32``, 0 to 1.
        size: ``(H, W)`` of the image.
    """
    small = [math.ceil(length / STORED_STRIDE) for length in size]
    smaller = small[0] <= planes.shape[1] and small[1] <= planes.shape[2]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    shrunk = np.stack([cv2.resize(plane, small[::-1], interpolation=how) for plane in planes])
    return np.rint(shrunk * 255).astype(np.uint8)
