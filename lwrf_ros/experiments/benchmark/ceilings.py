# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The machine's ceilings: a large matrix product, and copying."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import conv2d

from lwrf_ros.segmentation import PRECISIONS

_SIDE = {"cpu": 2048, "cuda": 8192}
# Of the product that a 1x1 convolution is.
_CHANNELS, _CELLS = 1024, (64, 64)
# More than any cache holds.
_COPIED_BYTES = {"cpu": 1 << 27, "cuda": 1 << 30}
_LINK_BYTES = 1 << 27


@dataclass(frozen=True)
class Ceilings:
    """The best of many tries.

    Attributes:
        gflops: The fastest matrix product in 1e9 operations a second (a multiply-add is two), by
            precision.
        copy_gbs: Copying memory on the device, in 1e9 bytes a second, read and written together.
        link_gbs: Copying from pinned host memory to a GPU in 1e9 bytes a second; None on a CPU.
    """

    gflops: dict[str, float]
    copy_gbs: float
    link_gbs: float | None = None

    def best(self, other: Ceilings) -> Ceilings:
        """Return the higher of each."""
        links = [one for one in (self.link_gbs, other.link_gbs) if one is not None]
        names = [*self.gflops, *(name for name in other.gflops if name not in self.gflops)]
        return Ceilings(
            {name: max(self.gflops.get(name, 0), other.gflops.get(name, 0)) for name in names},
            max(self.copy_gbs, other.copy_gbs),
            max(links, default=None),
        )


def measure_ceilings(
    device_name: str, precisions: Sequence[str], threads: int, seconds: float
) -> Ceilings:
    """Measure a device.

    Args:
        device_name: cpu or cuda:N.
        precisions: Of the matrix product: fp32, fp16, bf16.
        threads: Threads on the CPU.
        seconds: How long each figure is tried.
    """
    torch.set_num_threads(threads)
    device = torch.device(device_name)
    gflops = {}
    link_gbs = None
    with torch.inference_mode():
        for precision in precisions:
            gflops[precision] = max(
                operations / _best_s(product, device, seconds) / 1e9
                for product, operations in _products(device, precision)
            )
        source = torch.zeros(_COPIED_BYTES[device.type], dtype=torch.uint8, device=device)
        target = torch.empty_like(source)
        copy_s = _best_s(lambda: target.copy_(source), device, seconds)
        if device.type == "cuda":
            pinned = torch.zeros(_LINK_BYTES, dtype=torch.uint8, pin_memory=True)
            there = target[:_LINK_BYTES]
            link_s = _best_s(lambda: there.copy_(pinned, non_blocking=True), device, seconds)
            link_gbs = _LINK_BYTES / link_s / 1e9
    return Ceilings(gflops, 2 * source.numel() / copy_s / 1e9, link_gbs)


def _products(device: torch.device, precision: str) -> Iterator[tuple[Callable[[], object], int]]:
    """Yield ways to a matrix product, each with the number of its operations."""
    dtype, side = PRECISIONS[precision], _SIDE[device.type]
    a = torch.randn(side, side, device=device).to(dtype)
    b, out = torch.randn_like(a), torch.empty_like(a)
    yield lambda: torch.mm(a, b, out=out), 2 * side**3
    if device.type == "cpu":
        # The convolutions' library has a product of its own. That of BLAS, which torch.mm calls, is
        # a third slower on an AMD processor: networks would seem to exceed the ceiling.
        pixels = torch.randn(1, _CHANNELS, *_CELLS).to(dtype, memory_format=torch.channels_last)
        weights = torch.randn(_CHANNELS, _CHANNELS, 1, 1).to(dtype)
        yield lambda: conv2d(pixels, weights), 2 * _CHANNELS**2 * _CELLS[0] * _CELLS[1]


def _best_s(function: Callable[[], object], device: torch.device, seconds: float) -> float:
    """Return the shortest time of a function, after one run that does not count."""

    def timed() -> float:
        started = time.perf_counter()
        function()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - started

    timed()
    end = time.perf_counter() + seconds
    best = timed()
    while time.perf_counter() < end:
        best = min(best, timed())
    return best
