# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The result of decoding: a picture, or the reason why there is none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.errors import LwrfError

_SHOWN_TEXT = 40


class Refusal(LwrfError):  # noqa: N818 - a frame is refused, nothing went wrong
    """A frame that cannot be used.

    Attributes:
        reason: One word to count it under.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Picture(NamedTuple):
    """An image as the engine takes it.

    Attributes:
        array: ``(H, W, 3) uint8``, or ``(H, W) uint8`` for mono8; rows may be padded.
        encoding: rgb8, bgr8 or mono8.
        largest: Greatest value of what had 16 bits before, 0..65535; None for what had 8.
    """

    array: NDArray[np.uint8]
    encoding: str
    largest: int | None = None


def short(text: str) -> str:
    """Return a text for a message: what a stranger wrote may be of any length."""
    return repr(text if len(text) <= _SHOWN_TEXT else f"{text[:_SHOWN_TEXT]}...")
