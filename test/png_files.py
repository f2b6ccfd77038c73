# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""PNG files byte by byte as the standard says, in forms that image libraries do not write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np

GREY, COLOURS, PALETTE, GREY_ALPHA, COLOURS_ALPHA = 0, 2, 3, 4, 6
# First row and column, and steps, of Adam7's passes.
_PASSES = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)


def png(
    values: np.ndarray,
    bits: int = 8,
    kind: int = GREY,
    palette: Sequence[Sequence[int]] = (),
    parts: Sequence[tuple[bytes, bytes]] = (),
    interlaced: bool = False,
    behind: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """Return a file that stores ``(H, W)`` or ``(H, W, n)`` values.

    Args:
        values: What is stored.
        bits: Of a value.
        kind: What a value is.
        palette: RGB by index.
        parts: Type and content of more chunks before the pixels.
        interlaced: Whether the pixels come in Adam7's passes.
        behind: Type and content of more chunks behind the pixels.
    """
    height, width = values.shape[:2]
    start = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, int(interlaced))
    pixels = b""
    for row, column, down, right in _PASSES if interlaced else ((0, 0, 1, 1),):
        some = values[row::down, column::right]
        if some.size:
            pixels += b"".join(_row(one.reshape(-1), bits) for one in some)
    chunks = [(b"IHDR", start), *parts]
    if palette:
        chunks.append((b"PLTE", bytes(value for colour in palette for value in colour)))
    # What is see-through refers to the palette, and stands behind it.
    chunks.sort(key=lambda one: one[0] == b"tRNS")
    compressed = zlib.compress(pixels)
    half = len(compressed) // 2
    chunks += [(b"IDAT", compressed[:half]), (b"IDAT", compressed[half:]), *behind, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks)


def exif(orientation: int) -> bytes:
    """Return an EXIF block with nothing but an orientation."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def _row(values: np.ndarray, bits: int) -> bytes:
    """Return a row behind its filter, which is none."""
    text = "".join(f"{value:0{bits}b}" for value in values.tolist())
    text += "0" * (-len(text) % 8)
    return b"\0" + int(text, 2).to_bytes(len(text) // 8, "big")


def _chunk(name: bytes, content: bytes) -> bytes:
    sum_ = zlib.crc32(name + content)
    return struct.pack(">I4s", len(content), name) + content + struct.pack(">I", sum_)
