# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Brings together what has the same stamp, whichever comes first."""

from __future__ import annotations

import struct
from collections import OrderedDict
from typing import Generic, TypeVar

# How many of either side wait for their partner; a camera's messages are closer together.
WAITING = 32

One = TypeVar("One")
Other = TypeVar("Other")


class StampPairs(Generic[One, Other]):
    """Pairs two streams by stamp; what finds no partner soon is forgotten."""

    def __init__(self) -> None:
        self._ones: OrderedDict[int, One] = OrderedDict()
        self._others: OrderedDict[int, Other] = OrderedDict()

    def add_one(self, stamp_ns: int, one: One) -> tuple[One, Other] | None:
        """Add to the first stream; return the pair if it is one now."""
        if stamp_ns in self._others:
            return one, self._others.pop(stamp_ns)
        _keep(self._ones, stamp_ns, one)
        return None

    def add_other(self, stamp_ns: int, other: Other) -> tuple[One, Other] | None:
        """Add to the second stream; return the pair if it is one now."""
        if stamp_ns in self._ones:
            return self._ones.pop(stamp_ns), other
        _keep(self._others, stamp_ns, other)
        return None


def _keep(waiting: OrderedDict[int, One], stamp_ns: int, value: One) -> None:
    waiting[stamp_ns] = value
    waiting.move_to_end(stamp_ns)
    if len(waiting) > WAITING:
        waiting.popitem(last=False)


def stamp_of_cdr(data: bytes) -> int | None:
    """Return the stamp of a message that begins with a header, nanoseconds.

    Args:
        data: The message in CDR.

    Returns:
        None if it is too short.
    """
    if len(data) < 12:
        return None
    seconds, nanoseconds = struct.unpack_from("<iI" if data[1] & 1 else ">iI", data, 4)
    return seconds * 1_000_000_000 + nanoseconds
