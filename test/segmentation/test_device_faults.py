# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the libraries raise about memory and the GPU becomes one error each, with what to do."""

from __future__ import annotations

import pytest
import torch

from lwrf_ros.errors import LwrfError
from lwrf_ros.segmentation import DeviceLostError, OutOfMemoryError
from lwrf_ros.segmentation.faults import device_errors


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nMore"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: out of memory"),
        Exception("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : bad allocation"),
    ],
)
def test_memory(error: Exception) -> None:
    with (
        pytest.raises(OutOfMemoryError, match="or use a smaller input size") as caught,
        device_errors(),
    ):
        raise error
    assert caught.value.__cause__ is error
    assert "More" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
        "CUDA error: device-side assert triggered",
    ],
)
def test_the_gpu(text: str) -> None:
    with pytest.raises(DeviceLostError, match="start the process again"), device_errors():
        raise RuntimeError(text)


def test_a_real_allocation_that_cannot_be() -> None:
    with pytest.raises(OutOfMemoryError), device_errors():
        torch.empty(2**50, dtype=torch.uint8)


@pytest.mark.parametrize(
    "error", [LwrfError("out of memory"), ValueError("a mistake"), KeyError(1)]
)
def test_everything_else_stays_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, device_errors():
        raise error
    assert caught.value is error
