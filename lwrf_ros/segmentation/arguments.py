# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Arguments of the engine, and their errors."""

from __future__ import annotations

import operator
from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.errors import LwrfError
from lwrf_ros.input_size import MIN_SIDE_PX, check_sides
from lwrf_ros.segmentation.preprocess import RGB_ORDER

ENCODINGS = tuple(RGB_ORDER)
OUTPUTS = ("labels", "confidence", "coverage")
LABEL_SIZES = ("image", "network")


class ImageError(LwrfError):
    """An image, or a wish about it, that the engine cannot take."""


def check_input_size(
    size: tuple[int, int] | Literal["image"] | None,
) -> tuple[int, int] | None:
    """Return the network's input size ``(height, width)``, None for each image's own.

    Raises:
        LwrfError: If it is no size, or one that the network cannot take.
    """
    if size is None or size == "image":
        return None
    try:
        height, width = (operator.index(side) for side in size)
    except (TypeError, ValueError):
        raise LwrfError(
            f'the input size is {size!r}; wanted (height, width) in pixels, "image" or None'
        ) from None
    return check_sides((height, width))


def check_image(
    image: NDArray[np.uint8], encoding: str, input_size: tuple[int, int] | None
) -> NDArray[np.uint8]:
    """Return an image as ``(H, W, channels)``.

    Raises:
        ImageError: If it is not of the form that its encoding asks for, or too small.
    """
    if encoding not in RGB_ORDER:
        raise ImageError(f"encoding is {encoding!r}; wanted one of {', '.join(ENCODINGS)}")
    channels = 1 if encoding == "mono8" else 3
    if isinstance(image, np.ndarray) and image.ndim == 2 and channels == 1:
        image = image[:, :, np.newaxis]
    if (
        not isinstance(image, np.ndarray)
        or image.dtype != np.uint8
        or image.ndim != 3
        or image.shape[2] != channels
        or image.size == 0
    ):
        got = (
            f"{image.shape} {image.dtype}"
            if isinstance(image, np.ndarray)
            else type(image).__name__
        )
        raise ImageError(f"an image is {got}; wanted (H, W, {channels}) uint8 for {encoding}")
    if input_size is None and min(image.shape[:2]) < MIN_SIDE_PX:
        raise ImageError(
            f"an image is {image.shape[1]}x{image.shape[0]}; without an input size the network "
            f"needs at least {MIN_SIDE_PX}x{MIN_SIDE_PX}: give an input size"
        )
    return image


def check_wishes(outputs: Collection[str], min_confidence: float) -> None:
    """Check what is wanted of images.

    Raises:
        ImageError: If there is no such output, or the confidence is no probability.
    """
    unknown = set(outputs) - set(OUTPUTS)
    if unknown:
        raise ImageError(f"outputs holds {sorted(unknown)}; wanted some of {', '.join(OUTPUTS)}")
    if not 0 <= min_confidence <= 1:
        raise ImageError(f"min_confidence is {min_confidence}; wanted 0 to 1")
