# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The frame with the classes' colours over it, for people to look at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import ClassTable


def draw_overlay(
    image: NDArray[np.uint8],
    encoding: str,
    labels: NDArray[np.uint8],
    classes: ClassTable,
    alpha: float,
) -> NDArray[np.uint8]:
    """Blend the colours of the labels over an image.

    Args:
        image: ``(H, W, 3) uint8``, or ``(H, W) uint8`` for mono8; stretched to the labels' size if
            it has another.
        encoding: rgb8, bgr8 or mono8.
        labels: ``(H, W) uint8``; unlabelled pixels (255) stay as they are in the image.
        classes: Table with the colours.
        alpha: Weight of the colours, 0 (image only) to 1 (colours only).

    Returns:
        ``(H, W, 3) uint8 RGB``.
    """
    if image.shape[:2] != labels.shape:
        stretched = np.empty((*labels.shape, *image.shape[2:]), dtype=np.uint8)
        cv2.resize(image, labels.shape[::-1], dst=stretched, interpolation=cv2.INTER_AREA)
        image = stretched
    if encoding == "mono8":
        rgb = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    elif encoding == "bgr8":
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    else:
        rgb = image
    palette = np.zeros((256, 1, 3), dtype=np.uint8)
    palette[: len(classes), 0] = classes.colours
    colours = cv2.LUT(cv2.merge((labels, labels, labels)), palette)
    blended: NDArray[np.uint8] = np.empty_like(colours)
    cv2.addWeighted(rgb, 1.0 - alpha, colours, alpha, 0.0, dst=blended)
    unlabelled = labels >= len(classes)
    blended[unlabelled] = rgb[unlabelled]
    return blended
