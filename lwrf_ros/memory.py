# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Memory that a frame has left, and how the C library gives it back."""

from __future__ import annotations

import ctypes
import gc

# From malloc.h. Other C libraries than glibc have no mallopt, and musl's malloc no such limits.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -3, -4, -8
# Room for the copies of a few camera images and the layers of a network on a CPU.
_KEPT_BYTES = 256 * 2**20
# The largest that every glibc takes.
_MMAP_FROM_BYTES = 32 * 2**20
# What mallopt takes at most.
_LARGEST_INT = 2**31 - 1
# torch, CUDA's libraries, NumPy, OpenCV, the loader and Python each have words of their own for it.
_NO_MEMORY = (
    "out of memory",
    "alloc_failed",
    "allocate memory",
    "bad_alloc",
    "bad allocation",
    "insufficient memory",
    "failed to map segment",
    "can't start new thread",
    # Where there is no NVML to ask (a Jetson, a slice of a GPU), torch stumbles over its message.
    "nvml_success == r internal assert",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out, in anybody's words."""
    # By its name: torch's error has nothing to do with Python's.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return any(part in f"{error}".lower() for part in _NO_MEMORY)


def keep_freed_memory() -> bool:
    """Keep the memory of one frame for the next instead of giving it back to the kernel.

    rclpy makes several copies of an image on its way in and out, and glibc returns blocks of that
    size to the kernel as soon as they are free. Every frame then faults them in again page by page,
    zeroed: about half of the time that a 1920x1080 image takes from the middleware to a callback.
    The process keeps at most 256 MiB more than it uses.

    Returns:
        Whether this C library could be told so.
    """
    return _set_options(
        {
            # One for all threads: the executor's makes the copies and the worker's frees them, and
            # the others' regions are of 64 MiB and given back whole.
            _M_ARENA_MAX: 1,
            # These two together: setting either ends glibc's own adaptation of the other.
            _M_MMAP_THRESHOLD: _MMAP_FROM_BYTES,
            _M_TRIM_THRESHOLD: _KEPT_BYTES,
        }
    )


def keep_all_freed_memory() -> bool:
    """Keep whatever memory was ever used, for a process that does one thing until it ends.

    A step of a training frees gigabytes and asks for the same again. Faulting them in page by page
    is a third of its time on a CPU.

    Returns:
        Whether this C library could be told so.
    """
    return _set_options({_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: _LARGEST_INT})


def _set_options(options: dict[int, int]) -> bool:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(
        [mallopt(option, value) for option, value in options.items()]
    )


def give_back_freed_memory() -> bool:
    """Return to the kernel whatever memory is free, once something large is gone for good.

    What has become garbage in a cycle is found first: Python alone would look for it after so many
    new objects, of which a running node makes few.

    Returns:
        Whether there was any, and this C library can do that.
    """
    gc.collect()
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return malloc_trim is not None and bool(malloc_trim(0))
