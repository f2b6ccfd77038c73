# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The field ``format`` of a CompressedImage, read whole: the pixels' encoding and the file's kind.

image_transport writes ``ENCODING; KIND compressed TARGET``: what the image was, what the file is,
and what the pixels were converted to before they went into it, empty where they were not. Others
write the kind alone, ``jpeg``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_DECODED = ("jpeg", "jpg", "jfif", "mjpeg", "mjpg", "png")
_DEPTH = "compressedDepth"


class StoredFormat(NamedTuple):
    """The parsed format of a CompressedImage.

    Attributes:
        recorded: Encoding of the image that was compressed; empty where it is not said.
        stored: Encoding of the pixels in the file; empty where it is not said.
        is_depth: Whether it is the other transport's, for depth.
        other_kind: Whether it names a kind of file and none that is decoded here.
    """

    recorded: str
    stored: str
    is_depth: bool
    other_kind: bool


def read_format(text: str) -> StoredFormat:
    """Read the field ``format`` of a CompressedImage."""
    before, semicolon, behind = text.partition(";")
    recorded = before.strip() if semicolon else ""
    _, _, target = behind.partition("compressed")
    words = re.findall(r"[a-z0-9]+", (behind if semicolon else before).lower())
    return StoredFormat(
        recorded,
        target.strip() or recorded,
        _DEPTH in text,
        bool(words) and not any(word in _DECODED for word in words),
    )
