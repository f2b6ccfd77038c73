# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The sizes that a network's input may have: for parameters, cards and command lines alike."""

from __future__ import annotations

from lwrf_ros.errors import LwrfError

MIN_SIDE_PX = 32
MAX_SIDE_PX = 8192


def check_sides(size: tuple[int, int], what: str = "the input size") -> tuple[int, int]:
    """Return a size if a network's input may have it.

    Args:
        size: ``(height, width)`` in pixels.
        what: What to call it, for the message.

    Raises:
        LwrfError: If a side is too short or too long.
    """
    height, width = size
    if min(size) < MIN_SIDE_PX or max(size) > MAX_SIDE_PX:
        raise LwrfError(
            f"{what} is {width}x{height} (width x height); wanted {MIN_SIDE_PX}x{MIN_SIDE_PX} to "
            f"{MAX_SIDE_PX}x{MAX_SIDE_PX}"
        )
    return size
