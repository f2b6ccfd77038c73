# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Brings together what has the same stamp, whichever comes first and however much later."""

from __future__ import annotations

import os
import struct
import zlib
from collections import Counter, OrderedDict
from tempfile import TemporaryFile
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

# How many wait in memory; a camera's messages are usually closer together.
IN_MEMORY = 32
# Fast, and labels become a twentieth.
_COMPRESSION = 1

One = TypeVar("One")
Other = TypeVar("Other")


class Occurrence(NamedTuple):
    """A stamp is no key: some drivers leave it empty, and a bag may be looped.

    Attributes:
        stamp_ns: The stamp, nanoseconds.
        repetition: How many of the same stream before it had that stamp.
    """

    stamp_ns: int
    repetition: int


class _PutAway(NamedTuple):
    """Where it is in the file, its compressed size in bytes, and an array's shape."""

    start: int
    size: int
    shape: tuple[int, ...] | None


class StampPairs(Generic[One, Other]):
    """Pairs two streams, the first of a stamp with the first of it, the second with the second.

    Everything waits for its partner up to the end. Bytes and ``uint8`` arrays that are not close to
    theirs wait on the disk.
    """

    def __init__(self) -> None:
        self._ones: _Waiting = _Waiting()
        self._others: _Waiting = _Waiting()

    def add_one(self, stamp_ns: int, one: One | None) -> tuple[One, Other] | None:
        """Add to the first stream; return the pair if it is one now.

        Args:
            stamp_ns: Its stamp, nanoseconds.
            one: None for one that can have no partner but has its place in the stream.
        """
        key = self._ones.next_key(stamp_ns)
        if key in self._others:
            other = self._others.pop(key)
            return None if one is None else (one, other)
        self._ones.keep(key, one)
        return None

    def add_other(self, stamp_ns: int, other: Other) -> tuple[One, Other] | None:
        """Add to the second stream; return the pair if it is one now."""
        key = self._others.next_key(stamp_ns)
        if key in self._ones:
            one = self._ones.pop(key)
            return None if one is None else (one, other)
        self._others.keep(key, other)
        return None

    def waiting(self) -> tuple[int, int]:
        """Return how many of each stream have no partner so far."""
        return self._ones.values(), self._others.values()

    def counts(self, stamp_ns: int) -> tuple[int, int]:
        """Return how many of each stream had a stamp."""
        return self._ones.count(stamp_ns), self._others.count(stamp_ns)


class _Waiting:
    """What waits: the newest in memory, the rest in a file that nobody else sees."""

    def __init__(self) -> None:
        self._seen: Counter[int] = Counter()
        self._near: OrderedDict[Occurrence, Any] = OrderedDict()
        self._far: dict[Occurrence, _PutAway] = {}
        self._file: Any = None

    def __contains__(self, key: Occurrence) -> bool:
        return key in self._near or key in self._far

    def next_key(self, stamp_ns: int) -> Occurrence:
        self._seen[stamp_ns] += 1
        return Occurrence(stamp_ns, self._seen[stamp_ns] - 1)

    def count(self, stamp_ns: int) -> int:
        return self._seen[stamp_ns]

    def values(self) -> int:
        return len(self._far) + sum(value is not None for value in self._near.values())

    def keep(self, key: Occurrence, value: Any) -> None:
        self._near[key] = value
        if len(self._near) > IN_MEMORY:
            oldest, value = next(iter(self._near.items()))
            if isinstance(value, (bytes, np.ndarray)):
                del self._near[oldest]
                self._far[oldest] = self._put_away(value)
            else:
                self._near.move_to_end(oldest)  # as small as its key

    def pop(self, key: Occurrence) -> Any:
        if key in self._near:
            return self._near.pop(key)
        start, size, shape = self._far.pop(key)
        self._file.seek(start)
        data = zlib.decompress(self._file.read(size))
        return data if shape is None else np.frombuffer(data, np.uint8).reshape(shape)

    def _put_away(self, value: bytes | NDArray[np.uint8]) -> _PutAway:
        if self._file is None:
            # Closed, and with that removed, when this is.
            self._file = TemporaryFile(prefix="lwrf_waiting_")  # noqa: SIM115
        packed = zlib.compress(value if isinstance(value, bytes) else value.tobytes(), _COMPRESSION)
        start = self._file.seek(0, os.SEEK_END)
        self._file.write(packed)
        return _PutAway(start, len(packed), None if isinstance(value, bytes) else value.shape)


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
