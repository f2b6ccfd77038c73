# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Memory for maps and weights, with canaries around it where the kernels are checked."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.segmentation.cpu.kernels.checks import CANARY, GUARD_BYTES, Room
from lwrf_ros.segmentation.cpu.kernels.vectors import FLOAT_BYTES
from lwrf_ros.segmentation.cpu.planning.steps import Array, Map

_ALIGNED = 64


class Buffers:
    """Memory that lives as long as this does, taken piece by piece."""

    def __init__(self) -> None:
        self._arrays: list[NDArray[np.uint8]] = []
        # Of each array, where the piece that was taken begins and ends.
        self._pieces: list[tuple[int, int]] = []

    def take(self, size: int) -> int:
        """Return the address of so many zero bytes."""
        array = np.zeros(size + _ALIGNED + 2 * GUARD_BYTES, dtype=np.uint8)
        begin = -(-(array.ctypes.data + GUARD_BYTES) // _ALIGNED) * _ALIGNED - array.ctypes.data
        array[:begin] = array[begin + size :] = CANARY
        self._arrays.append(array)
        self._pieces.append((begin, begin + size))
        return int(array.ctypes.data) + begin

    def copy_of(self, values: Array) -> int:
        """Return the address of a copy of float32 values."""
        address = self.take(values.nbytes)
        begin, end = self._pieces[-1]
        self._arrays[-1][begin:end] = values.reshape(-1).view(np.uint8)
        return address

    def damaged(self) -> list[Room]:
        """Return the pieces whose canaries are not what they were."""
        return [
            Room(f"a buffer of {end - begin} bytes", array.ctypes.data + begin, end - begin, True)
            for array, (begin, end) in zip(self._arrays, self._pieces, strict=True)
            if (array[:begin] != CANARY).any() or (array[end:] != CANARY).any()
        ]


class Scratch:
    """Offsets in a thread's scratch memory, one behind the other.

    Attributes:
        bytes: What was taken.
        rooms: The pieces, by offset.
    """

    def __init__(self) -> None:
        self.bytes = GUARD_BYTES
        self.rooms: list[Room] = []

    def take(self, floats: int, name: str) -> int:
        """Return where room for so many floats begins."""
        begin = self.bytes
        self.rooms.append(Room(name, begin, floats * FLOAT_BYTES, True))
        self.bytes += -(-floats * FLOAT_BYTES // _ALIGNED) * _ALIGNED + GUARD_BYTES
        return begin


def strides(made: Map) -> tuple[int, int]:
    """Return the bytes from row to row and from pixel to pixel of a map."""
    pixel = made.channels * FLOAT_BYTES
    return (made.size[1] + 2 * made.border) * pixel, pixel


def view(made: Map, address: int, border: bool) -> NDArray[np.float32]:
    """Return the memory of a map, whose first pixel inside its border lies at an address."""
    row, pixel = strides(made)
    more = made.border if border else 0
    height, width = (side + 2 * more for side in made.size)
    begin = address - more * (row + pixel)
    size = (height - 1) * row + width * pixel
    memory = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(begin))
    shape, steps = (height, width, made.channels), (row, pixel, FLOAT_BYTES)
    return np.ndarray(shape, np.float32, memory, strides=steps)
