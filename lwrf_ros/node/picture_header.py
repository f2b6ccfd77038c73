# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The size that a JPEG or PNG file claims, read from its first bytes before anything is decoded."""

from __future__ import annotations

import struct
from array import array
from typing import NamedTuple

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_START = struct.Struct(">8s4x4sII")  # signature, length of the chunk, its name, width, height
_JPEG_FRAME = struct.Struct(">HBHH")  # length of the segment, precision, height, width
_FILL = 0xFF
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_STARTS_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD8)))
# A profile for colours may take 255 segments; ten thousands are there to keep the reader busy.
_MOST_SEGMENTS = 1024


class PictureHeader(NamedTuple):
    """What the first bytes of a compressed picture say.

    Attributes:
        kind: JPEG or PNG.
        width: Claimed width in pixels.
        height: Claimed height in pixels.
    """

    kind: str
    width: int
    height: int


def read_picture_header(data: array[int]) -> PictureHeader | None:
    """Return what a JPEG or PNG file claims to be.

    Args:
        data: The file, bytes. Only headers are looked at, in at most a thousand steps.

    Returns:
        Kind and size as claimed, None where the bytes are no such file, or break off before they
        say a size.
    """
    start = data[: _PNG_START.size].tobytes()
    if start.startswith(_PNG):
        return _read_png(start)
    return _read_jpeg(data) if start.startswith(_JPEG) else None


def count_jpeg_scans(data: array[int]) -> int:
    """Return the number of scans of a JPEG; within coded pixels, 255 is never followed by 218."""
    return data.tobytes().count(bytes((_FILL, _START_OF_SCAN)))


def _read_png(start: bytes) -> PictureHeader | None:
    if len(start) < _PNG_START.size:
        return None
    _, chunk, width, height = _PNG_START.unpack(start)
    return PictureHeader("PNG", width, height) if chunk == b"IHDR" else None


def _read_jpeg(data: array[int]) -> PictureHeader | None:
    """Go from segment to segment, as a decoder does, up to the one that starts the frame."""
    view = memoryview(data)
    at = 2
    try:
        for _ in range(_MOST_SEGMENTS):
            # Whatever stands between segments is skipped by decoders too.
            at = data.index(_FILL, at) + 1
            marker = view[at]
            if marker in _STARTS_OF_FRAME:
                _, _, height, width = _JPEG_FRAME.unpack_from(view, at + 1)
                return PictureHeader("JPEG", width, height)
            if marker in (_START_OF_SCAN, _END_OF_IMAGE):
                return None
            if marker in (0, _FILL):
                continue
            at += 1
            if marker not in _WITHOUT_LENGTH:
                at += max(2, int.from_bytes(view[at : at + 2], "big"))
    except (IndexError, ValueError, struct.error):
        pass  # the data breaks off
    return None
