# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How well labels agree with the truth: a confusion matrix and the scores that follow from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.errors import LwrfError


class ScoreError(LwrfError):
    """Labels and truth that cannot be compared."""


class ConfusionMatrix:
    """Counts how often each class was taken for which.

    Pixels whose truth is 255 are left out altogether. A pixel that has a truth but was left
    unlabelled (255, less probable than ``min_confidence``) is counted, and is wrong.

    Args:
        num_classes: Number of classes C.

    Attributes:
        counts: ``(C, C + 1) int64``, pixels by true class (row) and label (column); the last
            column is unlabelled.
    """

    def __init__(self, num_classes: int) -> None:
        self.counts: NDArray[np.int64] = np.zeros((num_classes, num_classes + 1), dtype=np.int64)

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return self.counts.shape[0]

    def add(self, labels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> None:
        """Count the pixels of an image.

        Args:
            labels: ``(H, W) uint8`` class indices, 255 for unlabelled.
            truth: ``(H, W) uint8`` class indices, 255 for pixels to leave out.

        Raises:
            ScoreError: If the shapes differ or an index is neither a class nor 255; nothing is
                counted then.
        """
        if labels.shape != truth.shape:
            raise ScoreError(
                f"the labels are {labels.shape} and the truth is {truth.shape}; wanted the same "
                "shape"
            )
        # One number for a pair of indices, so that one pass counts them all.
        pairs = np.bincount((truth.astype(np.uint16) << 8 | labels).ravel(), minlength=1 << 16)
        table = pairs.reshape(256, 256)
        for what, sums in (("labels hold", table.sum(axis=0)), ("truth holds", table.sum(axis=1))):
            outside = np.flatnonzero(sums[self.num_classes : UNLABELLED])
            if outside.size:
                raise ScoreError(
                    f"the {what} the index {self.num_classes + outside[0]}; wanted 0 to "
                    f"{self.num_classes - 1}, or {UNLABELLED}"
                )
        kept = table[: self.num_classes]
        self.counts[:, :-1] += kept[:, : self.num_classes]
        self.counts[:, -1] += kept[:, UNLABELLED]

    def pixels(self) -> NDArray[np.int64]:
        """Return ``(C,)`` pixels by true class."""
        pixels: NDArray[np.int64] = self.counts.sum(axis=1)
        return pixels

    def iou(self) -> NDArray[np.float64]:
        """Return ``(C,)`` Jaccard indices (intersection over union), as the paper scores.

        All images are counted together: true positives by true positives, false positives and
        false negatives of the whole set, not a mean over images. A class that is only found and
        never there has 0; one that is neither found nor there has NaN.
        """
        found = self.counts[:, : self.num_classes].sum(axis=0)
        return _ratio(self._hits(), self.pixels() + found - self._hits())

    def mean_iou(self) -> float:
        """Return the mean of `iou` over the classes that are there or were found.

        Classes with NaN are left out; a class that was found without being there counts as 0.
        NaN where fewer than two classes are there: a mean over classes says nothing of one.
        """
        return self.agreement() if self._is_comparison() else float("nan")

    def agreement(self) -> float:
        """Return what `mean_iou` does, also where a single class is there; NaN without any.

        Frames are put in order by it, of which many show one class only.
        """
        return _mean(self.iou())

    def class_accuracy(self) -> NDArray[np.float64]:
        """Return ``(C,)``, the fraction of each true class that was found; NaN if never there."""
        return _ratio(self._hits(), self.pixels())

    def mean_accuracy(self) -> float:
        """Return the mean of `class_accuracy` over the classes that are there.

        NaN where they are fewer than two.
        """
        return _mean(self.class_accuracy()) if self._is_comparison() else float("nan")

    def pixel_accuracy(self) -> float:
        """Return the fraction of the pixels with a truth that was found; NaN without pixels."""
        total = np.array([self.counts.sum()])
        return float(_ratio(np.array([self._hits().sum()]), total)[0])

    def _is_comparison(self) -> bool:
        return int(np.count_nonzero(self.pixels())) >= 2

    def _hits(self) -> NDArray[np.int64]:
        return np.diagonal(self.counts).astype(np.int64)


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    blank = np.full(part.shape, np.nan)
    return np.divide(part, whole, out=blank, where=whole > 0)


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
