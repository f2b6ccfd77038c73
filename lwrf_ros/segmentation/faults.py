# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Errors of a device, as two classes that say what to do, whoever raised them."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from lwrf_ros.errors import LwrfError
from lwrf_ros.memory import is_out_of_memory
from lwrf_ros.segmentation.pinned import keep_pinned_memory

_DEVICE_LOST = (
    "cuda error",
    "cuda driver error",
    "triton error [cuda]",
    "cudnn_status",
    "cudnn frontend error",
    "cublas_status",
    "device-side assert",
)


class OutOfMemoryError(LwrfError):
    """The device, or the host, has no memory left for what was asked."""


class DeviceLostError(LwrfError):
    """The GPU reported an error.

    Attributes:
        stays: Whether it answers everything with an error since then. CUDA gives a process no way
            back from that: it has to end and be started again.
    """

    def __init__(self, text: str, stays: bool = False) -> None:
        super().__init__(text)
        self.stays = stays


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
        line = f"{error}".strip().partition("\n")[0] or type(error).__name__
        if is_out_of_memory(error):
            # Whoever tries again needs the memory that the failed attempt's frames still hold.
            traceback.clear_frames(error.__traceback__)
            raise OutOfMemoryError(
                f"out of memory ({line}); end what else holds memory of the device (nvidia-smi "
                "lists it), or use a smaller input size, fp16 or a smaller backbone"
            ) from error
        if _says(error, _DEVICE_LOST):
            stays = _stays_lost()
            if stays:
                keep_pinned_memory()
                way_out = "it does nothing more for this process: start it again"
            else:
                way_out = "it answers again; if this comes back, start the process again"
            raise DeviceLostError(f"the GPU failed ({line}); {way_out}", stays) from error
        raise


def return_cached_memory() -> None:
    """Give memory of the GPU that torch keeps for later back to the driver.

    A recording that ended for want of memory can leave torch (up to 2.11) unable to do so; then the
    memory stays with torch, which uses it for what comes next.
    """
    try:
        torch.cuda.empty_cache()
    except RuntimeError as error:
        if "captures_underway" not in str(error):
            raise


def _stays_lost() -> bool:
    """Ask the GPU whether it does anything at all."""
    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return False
    try:
        torch.cuda.synchronize()
    except Exception:  # whatever it is, it is an answer
        return True
    return False


def _says(error: BaseException, parts: tuple[str, ...]) -> bool:
    text = f"{error}".lower()
    return any(part in text for part in parts)
