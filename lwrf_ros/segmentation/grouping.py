# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Results by class made the caller's own: by group, where there are groups; else copies."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.classes.groups import ClassGroups


def group_labels(labels: NDArray[np.uint8], groups: ClassGroups | None) -> NDArray[np.uint8]:
    """Return the group of each pixel's class, ``(H, W) uint8``."""
    if groups is None:
        return labels.copy()
    grouped = np.empty_like(labels)
    cv2.LUT(labels, groups.index, dst=grouped)
    return grouped


def group_confidence(
    confidence: NDArray[np.uint8], labels: NDArray[np.uint8], groups: ClassGroups | None
) -> NDArray[np.uint8]:
    """Return the confidence in each pixel's group.

    It is that of the pixel's class, and so at most that of the group, whose classes' probabilities
    would have to be added up. Where a class was dropped there is no label to be sure of: 0.

    Args:
        confidence: ``(H, W) uint8`` in the classes.
        labels: ``(H, W) uint8`` by class; read only if a class is dropped.
        groups: The groups.
    """
    if groups is None or not groups.dropped:
        return confidence.copy()
    kept = np.full(UNLABELLED + 1, 255, dtype=np.uint8)
    kept[list(groups.dropped)] = 0
    masked = np.empty_like(confidence)
    cv2.bitwise_and(confidence, cv2.LUT(labels, kept), dst=masked)
    return masked


def group_counts(counts: NDArray[np.float64], groups: ClassGroups | None) -> NDArray[np.float64]:
    """Return the pixels of each group, ``(256,) float64`` like those by class."""
    if groups is None:
        return counts
    grouped = np.bincount(groups.index, weights=counts, minlength=len(counts))
    return grouped.astype(np.float64, copy=False)
