# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""JPEG and PNG to pixels, whole or not at all: what is cut or corrupt is refused, never filled up.

libjpeg fills what is missing with grey and calls that a warning, which OpenCV does not hand on; so
JPEG is decoded by simplejpeg, where a warning is an error and the pixels are the same. A PNG has
checksums, which OpenCV compares.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from lwrf_ros.images.picture import Refusal
from lwrf_ros.images.picture_header import (
    MOST_SEGMENTS_IN_ALL,
    PictureHeader,
    count_jpeg_scans,
    read_picture_header,
)

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Beyond it OpenCV decodes nothing.
MOST_PIXELS = 2**30
# A decoder goes over all pixels for each scan; colour in the usual steps takes ten.
_MOST_SCANS = 64
_JPEG_SCAN, _JPEG_END = b"\xff\xda", b"\xff\xd9"
_FILLING = re.compile(r"(\d+) extraneous bytes before marker 0x([0-9a-f]{2})")
# Decodings of one image, each without some more bytes that do not belong to it.
_MOST_ATTEMPTS = 4


def check_pixels(width: int, height: int, kind: str, most_pixels: int = MOST_PIXELS) -> None:
    """Refuse too many pixels before anything is decoded: a few bytes can claim gigapixels.

    Args:
        width: As claimed, pixels.
        height: As claimed, pixels.
        kind: JPEG, PNG or a raw encoding, for the message.
        most_pixels: How many are allowed.

    Raises:
        Refusal: If it claims more.
    """
    if width * height > most_pixels:
        raise Refusal(
            "too_large",
            f"a {kind} image claims {width}x{height} pixels; max_pixels allows {most_pixels}",
        )


def decode_encoded(data: Buffer) -> NDArray[Any]:
    """Decode a JPEG or PNG file of a size that `check_pixels` let pass.

    An orientation in its EXIF does not turn it: labels lie on the pixels as stored.

    Args:
        data: The file's bytes.

    Returns:
        ``(H, W)`` grey, or ``(H, W, 3)`` BGR; uint8, or uint16 where the file has 16 bits. An
        opacity is left out.

    Raises:
        Refusal: If it is no such file, or not whole.
    """
    header = read_picture_header(data)
    if header is None:
        raise Refusal("decode", "it is neither a JPEG nor a PNG image, or breaks off early")
    content = bytes(data)
    if header.kind == "JPEG":
        return _decode_jpeg(content, header)
    return _decode_png(content, header)


def _decode_jpeg(content: bytes, header: PictureHeader) -> NDArray[np.uint8]:
    scans = count_jpeg_scans(content)
    if scans is None:
        raise Refusal("too_large", f"the JPEG image has more than {MOST_SEGMENTS_IN_ALL} segments")
    if scans > _MOST_SCANS:
        raise Refusal(
            "too_large", f"the JPEG image has {scans} scans; wanted at most {_MOST_SCANS}"
        )
    if header.channels == 4:
        # Its warnings are asked for first; only OpenCV turns the colours of print into others.
        _decode_strictly(content, "CMYK")
        return decode_by_opencv(content, cv2.IMREAD_COLOR)
    if header.channels == 1:
        return _decode_strictly(content, "GRAY")[:, :, 0]
    return _decode_strictly(content, "BGR")


def _decode_strictly(content: bytes, colours: str) -> NDArray[np.uint8]:
    for _ in range(_MOST_ATTEMPTS):
        try:
            return np.asarray(simplejpeg.decode_jpeg(content, colours))
        except ValueError as error:
            complaint = str(error)
            content = _without_filling(content, complaint)
        if not content:
            break
    raise Refusal("decode", f"the JPEG image is cut or corrupt: {complaint}")


def _without_filling(content: bytes, complaint: str) -> bytes:
    """Return a JPEG without bytes that are not its own and that nothing is missing for.

    Those are what stands between the segments before the pixels, and what some cameras fill up
    with before the end: the same byte again and again. Without the first of them; empty where the
    complaint is about something else.
    """
    found = _FILLING.search(complaint)
    if found is None:
        return b""
    count, marker = int(found[1]), bytes((0xFF, int(found[2], 16)))
    if marker == _JPEG_END:
        end = content.rfind(marker)
        filling = content[max(0, end - count) : max(0, end)]
        is_harmless = bool(filling) and filling.count(filling[:1]) == count
    else:
        end = content.find(marker)
        is_harmless = count <= end < content.find(_JPEG_SCAN)
    return content[: end - count] + content[end:] if is_harmless else b""


def _decode_png(content: bytes, header: PictureHeader) -> NDArray[Any]:
    if header.bits == 16:
        pixels = decode_by_opencv(content, cv2.IMREAD_UNCHANGED)
        if pixels.ndim == 3 and header.channels == 2:
            return np.ascontiguousarray(pixels[:, :, 0])
        return pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, :3])
    grey = header.channels < 3
    return decode_by_opencv(content, cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)


def decode_by_opencv(content: bytes, flags: int) -> NDArray[Any]:
    """Decode a file that OpenCV refuses by itself where it is not whole.

    Args:
        content: The file.
        flags: OpenCV's; an orientation never counts.

    Raises:
        Refusal: If OpenCV refuses it.
    """
    if flags != cv2.IMREAD_UNCHANGED:
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise Refusal("decode", f"OpenCV cannot decode the image: {error}") from error
    if pixels is None:
        raise Refusal("decode", "OpenCV cannot decode the image, which is damaged")
    return pixels
