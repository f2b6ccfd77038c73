# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a device can do to the engine, as two errors that say what to do, whoever raised it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from lwrf_ros.errors import LwrfError

# torch, CUDA's libraries and NumPy each have words of their own for it.
_NO_MEMORY = ("out of memory", "alloc_failed", "allocate memory", "bad_alloc", "bad allocation")
_DEVICE_LOST = ("cuda error", "cudnn_status", "cublas_status", "device-side assert")


class OutOfMemoryError(LwrfError):
    """The device, or the host, has no memory left for what was asked."""


class DeviceLostError(LwrfError):
    """The GPU reported an error, after which it usually does nothing more for this process."""


@contextmanager
def device_errors() -> Iterator[None]:
    """Turn whatever the libraries raise about memory and the GPU into the errors above.

    Raises:
        OutOfMemoryError: If memory ran out.
        DeviceLostError: If the GPU reported any other error.
    """
    try:
        yield
    except LwrfError:
        raise
    except Exception as error:
        text = f"{error}".lower()
        line = f"{error}".strip().partition("\n")[0] or type(error).__name__
        if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or _any(_NO_MEMORY, text):
            # Whoever tries again needs the memory that the failed attempt's frames still hold.
            traceback.clear_frames(error.__traceback__)
            raise OutOfMemoryError(
                f"out of memory ({line}); end what else holds memory of the device (nvidia-smi "
                "lists it), or use a smaller input size, fp16 or a smaller backbone"
            ) from error
        if _any(_DEVICE_LOST, text):
            raise DeviceLostError(
                f"the GPU failed ({line}); load the engine again, and if that fails too, start the "
                "process again"
            ) from error
        raise


def _any(parts: tuple[str, ...], text: str) -> bool:
    return any(part in text for part in parts)
