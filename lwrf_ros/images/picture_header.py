# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The header of a JPEG or PNG file, read from its first bytes before anything is decoded."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing_extensions import Buffer

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
# Signature, length of the chunk, its name, width, height, bits of a value, type of the colours.
_PNG_START = struct.Struct(">8s4x4sIIBB")
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}  # of a palette those of its colours
_JPEG_FRAME = struct.Struct(">HBHHB")  # length of the segment, bits, height, width, channels
# What follows 255 is a marker, unless it is 0 (255 was data) or 255 again (that one was filling).
_MARKER = re.compile(rb"\xff[^\x00\xff]")
# Those that begin a segment or the end. Behind the others, restarts within the pixels and what only
# damage leaves there, a decoder goes on at once.
_SEGMENT = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_STARTS_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD8)))
# A profile for colours may take 255 segments of 64 KiB, EXIF, XMP and a maker's notes some more;
# ten thousands are there to keep the reader busy.
_MOST_SEGMENTS = 1024
# Scans and their tables come after the size, and are fewer.
MOST_SEGMENTS_IN_ALL = 2 * _MOST_SEGMENTS
# Of all that stands between segments: some encoders fill up to a page, which is 64 KiB at most.
_MOST_STRAY_BYTES = 2**16


class PictureHeader(NamedTuple):
    """Size and depth that a compressed picture's header declares.

    Attributes:
        kind: JPEG or PNG.
        width: Claimed width in pixels.
        height: Claimed height in pixels.
        channels: Values a pixel: 1 for grey, 3 for colours, 2 and 4 with an opacity behind them
            (of a JPEG 4 for the colours of print).
        bits: Of a value.
    """

    kind: str
    width: int
    height: int
    channels: int
    bits: int


def read_picture_header(data: Buffer) -> PictureHeader | None:
    """Return what a JPEG or PNG file claims to be.

    Args:
        data: The file's bytes. Of whatever size it is, less than 80 KiB are looked at: what is in a
            JPEG's segments is jumped over, and there may be 1024 of them and 64 KiB between them.

    Returns:
        Kind and size as claimed, None where the bytes are no such file, or break off or reach
        those limits before they say a size.
    """
    with memoryview(data).cast("B") as view:
        start = bytes(view[: _PNG_START.size])
        if start.startswith(_PNG):
            return _read_png(start)
        return _read_jpeg(view) if start.startswith(_JPEG) else None


def count_jpeg_scans(data: Buffer) -> int | None:
    """Return the number of scans of a JPEG: how often a decoder goes over its pixels.

    What looks like a scan in the segments of a comment, a thumbnail or a profile is none.

    Args:
        data: The file's bytes, of which `read_picture_header` has found the size.

    Returns:
        Number of scans up to the end of the picture, None where there are more than 2048 segments.
    """
    scans, at = 0, 2
    with memoryview(data).cast("B") as view:
        for _ in range(MOST_SEGMENTS_IN_ALL):
            found = _SEGMENT.search(view, at)
            if found is None:
                return scans
            at = found.end()
            marker = view[at - 1]
            if marker == _END_OF_IMAGE:
                return scans
            scans += marker == _START_OF_SCAN
            at = _end_of_segment(view, at)
    return None


def _read_png(start: bytes) -> PictureHeader | None:
    if len(start) < _PNG_START.size:
        return None
    _, chunk, width, height, bits, colours = _PNG_START.unpack(start)
    if chunk != b"IHDR" or colours not in _PNG_CHANNELS:
        return None
    return PictureHeader("PNG", width, height, _PNG_CHANNELS[colours], bits)


def _read_jpeg(view: memoryview) -> PictureHeader | None:
    """Go from segment to segment, as a decoder does, up to the one that starts the frame."""
    at, stray_left = 2, _MOST_STRAY_BYTES
    for _ in range(_MOST_SEGMENTS):
        # Whatever stands between segments is skipped by decoders too.
        found = _MARKER.search(view, at, at + stray_left + 2)
        if found is None:
            return None
        stray_left -= found.start() - at
        at = found.end()
        marker = view[at - 1]
        if marker in _STARTS_OF_FRAME:
            return _read_frame(view[at : at + _JPEG_FRAME.size])
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            return None
        if marker not in _WITHOUT_LENGTH:
            at = _end_of_segment(view, at)
    return None


def _end_of_segment(view: memoryview, at: int) -> int:
    return at + max(2, int.from_bytes(view[at : at + 2], "big"))


def _read_frame(segment: memoryview) -> PictureHeader | None:
    if len(segment) < _JPEG_FRAME.size:
        return None  # the data breaks off
    _, bits, height, width, channels = _JPEG_FRAME.unpack(segment)
    return PictureHeader("JPEG", width, height, channels, bits)
