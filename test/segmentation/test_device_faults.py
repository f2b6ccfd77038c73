# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the libraries raise about memory and the GPU becomes one error each, with what to do."""

from __future__ import annotations

import weakref

import pytest
import torch

from lwrf_ros.errors import LwrfError
from lwrf_ros.segmentation import DeviceLostError, OutOfMemoryError
from lwrf_ros.segmentation import pinned as pinned_module
from lwrf_ros.segmentation.faults import device_errors


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nMore"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError('NVML_SUCCESS == r INTERNAL ASSERT FAILED at "CUDACachingAllocator.cpp":1016'),
        RuntimeError("Triton Error [CUDA]: out of memory"),
        RuntimeError("CUDA driver error: out of memory"),
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
        "Triton Error [CUDA]: an illegal memory access was encountered",
        "CUDA driver error: unknown error",
        "cuDNN Frontend error: [cudnn_frontend] Error: No execution plans support the graph.",
    ],
)
@pytest.mark.parametrize("stays", [False, True])
def test_the_gpu(monkeypatch: pytest.MonkeyPatch, text: str, stays: bool) -> None:
    def synchronize() -> None:
        if stays:
            raise RuntimeError(text)

    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", synchronize)
    again = pytest.raises(DeviceLostError, match=r"start (it|the process) again")
    with again as caught, device_errors():
        raise RuntimeError(text)
    assert caught.value.stays is stays


def test_pinned_memory_outlives_a_lost_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without a GPU nothing can be pinned; whose memory it is does not matter here.
    monkeypatch.setattr(pinned_module.torch, "empty", lambda shape, **_: torch.zeros(shape))
    monkeypatch.setattr(pinned_module, "_kept", [])
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)

    def lost() -> None:
        raise RuntimeError("CUDA error: unspecified launch failure")

    freed = []
    for answer, kept in ((lambda: None, False), (lost, True)):
        monkeypatch.setattr(torch.cuda, "synchronize", answer)
        memory = pinned_module.pinned((4, 5), torch.uint8)
        weakref.finalize(memory, freed.append, kept)
        with pytest.raises(DeviceLostError), device_errors():
            raise RuntimeError("CUDA error: unspecified launch failure")
        del memory
    assert freed == [False]


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
