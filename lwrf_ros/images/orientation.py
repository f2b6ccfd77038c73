# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How EXIF says that an image is turned for display: read from the file, done to the pixels."""

from __future__ import annotations

import io
import struct

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.images.png_file import SIGNATURE, PngError, read_png

UNSAID, UPRIGHT = 0, 1
# Those that swap width and height.
QUARTER_TURNS = (5, 6, 7, 8)
# By the value of the tag; what is done to what is stored.
TURNS = {
    2: "mirrored left to right",
    3: "turned by 180°",
    4: "mirrored top to bottom",
    5: "mirrored and turned by 90°",
    6: "turned by 90° clockwise",
    7: "mirrored and turned by 90°",
    8: "turned by 90° counter-clockwise",
}
ORIENTATION_TAG = 0x0112
_TIFF = (b"II*\0", b"MM\0*")


def orientation_of(data: bytes) -> int:
    """Return EXIF's orientation of an image file, 1 to 8; 0 where it says none.

    Args:
        data: The file: a JPEG, PNG, WebP or TIFF; others have no EXIF.
    """
    # A TIFF is what EXIF is written in.
    exif = data if data.startswith(_TIFF) else _exif_of(data)
    if not exif:
        return UNSAID
    from PIL import Image

    tags = Image.Exif()
    try:
        tags.load(exif)
        value = tags.get(ORIENTATION_TAG)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, struct.error):
        return UNSAID
    return value if value in TURNS or value == UPRIGHT else UNSAID


def is_turned_by_decoders(data: bytes) -> bool:
    """Tell whether OpenCV turns a file whatever it is asked for, which it does with TIFF."""
    return data.startswith(_TIFF)


def turned(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return an image ``(H, W, ...)`` as it is to be displayed.

    Args:
        pixels: As stored.
        orientation: EXIF's orientation of it, 0 for none.

    Returns:
        The same array where nothing is to be done, else a new one.
    """
    if orientation not in TURNS:
        return pixels
    if orientation in QUARTER_TURNS:
        # The first stored row is the left (5, 8) or right (6, 7) column, and so on.
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _exif_of(data: bytes) -> bytes:
    if data.startswith(SIGNATURE):
        try:
            return read_png(data).exif
        except PngError:
            return b""  # whoever decodes it says what is wrong
    if not (data.startswith(b"\xff\xd8\xff") or data[:4] + data[8:12] == b"RIFFWEBP"):
        return b""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            exif = image.info.get("exif", b"")
    except (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError):
        return b""
    return exif if isinstance(exif, bytes) else b""
