# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a PNG file says of its pixels, whole and by its own checksums: nothing is decoded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.errors import LwrfError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOURS, PALETTE, GREY_ALPHA, COLOURS_ALPHA = 0, 2, 3, 4, 6
_START, _END = b"IHDR", b"IEND"
# Length and type before a chunk's content, a checksum behind it.
_HEAD, _SUM = struct.Struct(">I4s"), struct.Struct(">I")
_IHDR = struct.Struct(">IIBBBBB")


class PngError(LwrfError):
    """A PNG file that is cut or damaged; the message says where, without a path."""


class PngFile(NamedTuple):
    """What a PNG file says of its pixels.

    Attributes:
        width: In pixels.
        height: In pixels.
        bits: Of a value: 1, 2, 4, 8 or 16.
        kind: What a value is: one of GREY, COLOURS, PALETTE, GREY_ALPHA, COLOURS_ALPHA.
        palette: ``(n, 3) uint8 RGB`` by index; n is 0 where there is none.
        exif: What its EXIF chunk holds; empty where there is none.
    """

    width: int
    height: int
    bits: int
    kind: int
    palette: NDArray[np.uint8]
    exif: bytes


def read_png(data: bytes) -> PngFile:
    """Read what stands before and behind the pixels, and check that no byte is missing or wrong.

    Args:
        data: The file, which begins with SIGNATURE.

    Raises:
        PngError: If it is cut, a checksum is wrong, or what it says of its pixels makes no sense.
    """
    found: dict[bytes, bytes] = {}
    for name, content in _chunks(data):
        found.setdefault(name, content)
    start = found.get(_START, b"")
    if len(start) != _IHDR.size:
        raise PngError("it does not say how large it is")
    width, height, bits, kind, *_ = _IHDR.unpack(start)
    colours = np.frombuffer(found.get(b"PLTE", b""), dtype=np.uint8)
    if len(colours) % 3:
        raise PngError(f"its palette has {len(colours)} bytes; wanted three a colour")
    return PngFile(width, height, bits, kind, colours.reshape(-1, 3), found.get(b"eXIf", b""))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk up to the last; pixels without their content."""
    at = len(SIGNATURE)
    name = b""
    with memoryview(data) as view:
        while name != _END:
            begin = at + _HEAD.size
            if begin > len(view):
                raise PngError("it is cut off")
            length, name = _HEAD.unpack_from(view, at)
            at = begin + length + _SUM.size
            if at > len(view):
                raise PngError("it is cut off")
            (wanted,) = _SUM.unpack_from(view, begin + length)
            if zlib.crc32(view[begin - 4 : begin + length]) != wanted:
                raise PngError(f"it is damaged: the checksum of its part {_named(name)} is wrong")
            yield name, b"" if name == b"IDAT" else bytes(view[begin : begin + length])


def _named(name: bytes) -> str:
    return name.decode("ascii", "replace")
