# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Image files of folders and data sets to pixels: as strictly as messages, turned as EXIF says."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.images.encoded import MOST_PIXELS, check_pixels, decode_by_opencv, decode_encoded
from lwrf_ros.images.encodings import LAYOUTS, U2, to_picture
from lwrf_ros.images.orientation import is_turned_by_decoders, orientation_of, turned
from lwrf_ros.images.picture import Refusal
from lwrf_ros.images.picture_header import read_picture_header


def decode_photograph(data: bytes, max_value_16bit: int = 65535) -> NDArray[np.uint8]:
    """Decode an image file of any kind that OpenCV knows, whole or not at all.

    Args:
        data: The file's bytes.
        max_value_16bit: What becomes 255 of values of 16 bits.

    Returns:
        ``(H, W, 3) uint8 BGR``, as it is to be displayed. An opacity is left out.

    Raises:
        Refusal: If it is no image, or not whole.
    """
    header = read_picture_header(data)
    if header is None:
        _refuse_cut(data)
        pixels = decode_by_opencv(data, cv2.IMREAD_COLOR)
    else:
        check_pixels(header.width, header.height, header.kind, MOST_PIXELS)
        pixels = decode_encoded(data)
    layout = LAYOUTS["bgr8" if pixels.ndim == 3 else "mono8"]
    if pixels.dtype == U2:
        pixels = to_picture(pixels, layout, max_value_16bit).array
    if pixels.ndim == 2:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))
    return pixels if is_turned_by_decoders(data) else turned(pixels, orientation_of(data))


def _refuse_cut(data: bytes) -> None:
    """Let Pillow read a file of another kind first: OpenCV fills up what some of them lack."""
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise Refusal("empty", "the file is empty")
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
    except UnidentifiedImageError:
        return  # OpenCV knows kinds that Pillow does not, and says so of the others
    except Image.DecompressionBombError as error:
        raise Refusal("too_large", str(error)) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise Refusal("decode", f"the image is cut or corrupt: {error}") from error
