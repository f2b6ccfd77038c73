# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Every encoding of sensor_msgs/Image in one table, and how its pixels become a picture."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.images.picture import Picture, Refusal

U1, U2 = np.dtype(np.uint8), np.dtype(np.uint16)
LARGEST_16_BITS = 65535


class Layout(NamedTuple):
    """How an encoding of sensor_msgs/Image lies in memory.

    Attributes:
        channels: Values a pixel.
        dtype: Type of a value.
        target: Encoding that it becomes.
        conversion: OpenCV's code for that, None where the bytes are already of that form.
        rows: Rows of data for two rows of the image (planar YUV carries more than 2).
    """

    channels: int
    dtype: np.dtype
    target: str
    conversion: int | None = None
    rows: int = 2


LAYOUTS = {
    "rgb8": Layout(3, U1, "rgb8"),
    "bgr8": Layout(3, U1, "bgr8"),
    "mono8": Layout(1, U1, "mono8"),
    # Without an order of its own, OpenCV's is meant.
    "8UC3": Layout(3, U1, "bgr8"),
    "8UC1": Layout(1, U1, "mono8"),
    "rgba8": Layout(4, U1, "rgb8", cv2.COLOR_RGBA2RGB),
    "bgra8": Layout(4, U1, "rgb8", cv2.COLOR_BGRA2RGB),
    "8UC4": Layout(4, U1, "rgb8", cv2.COLOR_BGRA2RGB),
    "mono16": Layout(1, U2, "mono8"),
    "rgb16": Layout(3, U2, "rgb8"),
    "bgr16": Layout(3, U2, "bgr8"),
    "rgba16": Layout(4, U2, "rgb8", cv2.COLOR_RGBA2RGB),
    "bgra16": Layout(4, U2, "rgb8", cv2.COLOR_BGRA2RGB),
    "yuv422": Layout(2, U1, "rgb8", cv2.COLOR_YUV2RGB_UYVY),
    "uyvy": Layout(2, U1, "rgb8", cv2.COLOR_YUV2RGB_UYVY),
    "yuv422_yuy2": Layout(2, U1, "rgb8", cv2.COLOR_YUV2RGB_YUY2),
    "yuyv": Layout(2, U1, "rgb8", cv2.COLOR_YUV2RGB_YUY2),
    "nv12": Layout(1, U1, "rgb8", cv2.COLOR_YUV2RGB_NV12, rows=3),
    "nv21": Layout(1, U1, "rgb8", cv2.COLOR_YUV2RGB_NV21, rows=3),
}
# ROS names a Bayer pattern by its first row and then its second; OpenCV's BG, GB, RG and GR by
# the second row's second and third pixel.
for _ros, _opencv in (("rggb", "BG"), ("bggr", "RG"), ("gbrg", "GR"), ("grbg", "GB")):
    _code = getattr(cv2, f"COLOR_Bayer{_opencv}2RGB")
    LAYOUTS[f"bayer_{_ros}8"] = Layout(1, U1, "rgb8", _code)
    LAYOUTS[f"bayer_{_ros}16"] = Layout(1, U2, "rgb8", _code)

ENCODINGS = tuple(LAYOUTS)
# Pairs of pixels share their colour in these, and Bayer patterns repeat every second pixel.
_PAIRED = ("yuv", "uyvy", "yuyv", "nv", "bayer")
# REP 118 and friends: 16UC1, 32FC1, 32SC1, 64FC1, ...
_NUMBERS = re.compile(r"(8|16|32|64)[USF]C\d+")


def layout_of(encoding: str, said_by: str) -> Layout:
    """Return how an encoding lies in memory.

    Args:
        encoding: Its name.
        said_by: Who names it so, for the message: ``the encoding is 'foo'``.

    Raises:
        Refusal: If it is no picture, or not known here.
    """
    layout = LAYOUTS.get(encoding)
    if layout is None:
        why = "depth or numbers, not a picture" if is_numbers(encoding) else "not known here"
        raise Refusal("encoding", f"{said_by}, {why}; wanted one of {', '.join(ENCODINGS)}")
    return layout


def is_numbers(encoding: str) -> bool:
    """Tell whether an encoding holds depth or other numbers, which are no picture."""
    return encoding not in LAYOUTS and _NUMBERS.fullmatch(encoding) is not None


def check_sides(encoding: str, width: int, height: int) -> None:
    """Refuse odd sides where pixels come in pairs.

    Raises:
        Refusal: If the image cannot be of that size.
    """
    layout = LAYOUTS[encoding]
    if encoding.startswith(_PAIRED) and (width % 2 or (layout.rows != 2 and height % 2)):
        raise Refusal("size", f"a {encoding} image is {width}x{height}; wanted even sides")


def to_picture(
    pixels: NDArray[Any], layout: Layout, largest_value: int = LARGEST_16_BITS
) -> Picture:
    """Convert pixels as an encoding has them.

    Args:
        pixels: ``(rows, W)`` or ``(rows, W, channels)``, uint8 or uint16 of either byte order.
        layout: The encoding; of its type only what the pixels are not.
        largest_value: What becomes 255 of pixels of 16 bits; what is above does, too.

    Raises:
        Refusal: If OpenCV cannot convert it.
    """
    native = U2 if pixels.dtype.itemsize == U2.itemsize else U1
    pixels = np.ascontiguousarray(pixels, dtype=native)
    largest = int(pixels.max()) if native == U2 else None
    try:
        if layout.conversion is not None:
            pixels = cv2.cvtColor(pixels, layout.conversion)
        if native == U2:
            # A plain shift would lose the rounding.
            pixels = cv2.convertScaleAbs(pixels, alpha=255 / largest_value)
    except cv2.error as error:
        raise Refusal("conversion", f"OpenCV cannot convert the image: {error}") from error
    return Picture(pixels.astype(np.uint8, copy=False), layout.target, largest)
