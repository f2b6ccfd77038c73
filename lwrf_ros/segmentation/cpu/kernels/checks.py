# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The debug mode of the kernels: which memory a step may touch, and what it touched beside that.

With LWRF_CPU_DEBUG=1 in the environment when this package is imported, every load and store of a
kernel first asks whether its address lies in memory of the step that runs. If not, the access goes
to spare memory instead, and the first one is noted. The kernels are compiled for it anew in every
process, as the addresses of the tables below are part of them; without the variable, nothing of
this is in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np

from lwrf_ros.errors import LwrfError
from lwrf_ros.segmentation.cpu.kernels.compiled import CHECKING

# Bytes on both sides of every buffer, and what is in them, where the kernels are checked.
GUARD_BYTES = 4096 if CHECKING else 0
CANARY = 0xA5

# An address that is so many bytes from a buffer has nothing to do with it.
_NEAR = 1 << 20
# Rooms of a step: a few maps, weights and parts of the scratch memory.
_MOST_ROOMS = 64
_COUNT, _REFUSED, _ADDRESS, _SIZE, _WRITES, _SPARE_AT, _ROOMS = range(7)
_TABLE = np.zeros(_ROOMS + 3 * _MOST_ROOMS, dtype=np.int64)
# The longest access is a vector of 64 bytes.
_SPARE = np.zeros(64, dtype=np.uint8)
_TABLE[_SPARE_AT] = _SPARE.ctypes.data


class CpuKernelError(LwrfError):
    """A kernel has touched memory that its step has nothing to do with."""


class Room(NamedTuple):
    """Memory that a step may touch.

    Attributes:
        name: What it is, for the error.
        begin: Address.
        size: Bytes.
        writable: Whether the step may write there.
    """

    name: str
    begin: int
    size: int
    writable: bool


def _permitted(address_of_table: Any, address: int, size: int, writes: int) -> Any:
    table = numba.carray(address_of_table, _TABLE.size)
    for room in range(table[_COUNT]):
        at = _ROOMS + 3 * room
        fits = table[at] <= address and address + size <= table[at + 1]
        if fits and (writes == 0 or table[at + 2] != 0):
            return address
    if table[_REFUSED] == 0:
        table[_ADDRESS], table[_SIZE], table[_WRITES] = address, size, writes
    table[_REFUSED] += 1
    return table[_SPARE_AT]


_INT64 = numba.int64
# The function that returns an address if it may be used, and that of the spare memory if not, and
# its first argument; 0 where nothing is checked.
PERMITTED_AT = TABLE_AT = 0
if CHECKING:
    _function = numba.cfunc(_INT64(numba.types.CPointer(_INT64), _INT64, _INT64, _INT64))(
        _permitted
    )
    PERMITTED_AT, TABLE_AT = int(_function.address), int(_TABLE.ctypes.data)


def allow(rooms: Sequence[Room]) -> None:
    """Say what the step that comes next may touch, and forget what was noted.

    Raises:
        LwrfError: If there are more rooms than the table has lines.
    """
    if len(rooms) > _MOST_ROOMS:
        raise LwrfError(
            f"a step has {len(rooms)} buffers, the debug mode room for {_MOST_ROOMS}; raise "
            "_MOST_ROOMS in lwrf_ros/segmentation/cpu/kernels/checks.py"
        )
    lines = [(room.begin, room.begin + room.size, int(room.writable)) for room in rooms]
    _TABLE[_COUNT], _TABLE[_REFUSED] = len(rooms), 0
    _TABLE[_ROOMS : _ROOMS + 3 * len(rooms)] = np.array(lines, dtype=np.int64).reshape(-1)


def raise_if_refused(step: str, rooms: Sequence[Room]) -> None:
    """Raise if an access of the step was refused.

    Args:
        step: The step, in words.
        rooms: What it was allowed to touch.

    Raises:
        CpuKernelError: Names the step, the access and the buffer that is nearest.
    """
    if _TABLE[_REFUSED] == 0:
        return
    address, size, writes = (int(_TABLE[field]) for field in (_ADDRESS, _SIZE, _WRITES))
    near = min(rooms, key=lambda room: _distance(room, address))
    done, allowed = ("writes", "written") if writes else ("reads", "read")
    place = "far from all its buffers"
    if _distance(near, address) < _NEAR:
        place = (
            f"at byte {address - near.begin} of {near.name}, of which {near.size} bytes may be "
            f"{allowed if near.writable else 'read'}"
        )
    raise CpuKernelError(
        f"{step} {done} {size} bytes {place} ({int(_TABLE[_REFUSED])} such accesses); look at the "
        "step's fields in records.py, where memory.py sets them, and at the kernel's addresses"
    )


def _distance(room: Room, address: int) -> int:
    return max(room.begin - address, address - (room.begin + room.size), 0)
