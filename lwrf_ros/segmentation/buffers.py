# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Memory of the engine, reused frame after frame: pinned host buffers, their twins, and clocks."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lwrf_ros.segmentation.pinned import pinned
from lwrf_ros.segmentation.postprocess import COUNT_BINS

# Stages between the marks of a clock, in order; the fields of Timings.
_STAGES = ("upload_ms", "preprocess_ms", "network_ms", "postprocess_ms", "download_ms")
# Sizes of which buffers are kept. Cameras keep theirs; a topic that changes size with every frame
# must not pile them up.
_KEPT_SHAPES = 8
_Pair = tuple[Tensor, Tensor]
_Value = TypeVar("_Value")


class ImageBuffers:
    """Memory for one image of ``(H, W, channels)`` on its way, reused frame after frame.

    Every result is a pair (on the device, on the host). On a CPU both are the same tensor, so
    the copies between them fall away and all other lines are shared.

    Args:
        shape: ``(H, W, channels)`` of the image.
        device: Where the work is done.
        label_size: ``(h, w)`` of labels and confidence; None for the image's own.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        device: torch.device,
        label_size: tuple[int, int] | None = None,
    ) -> None:
        self.shape = shape
        self._device = device
        self._label_size = label_size or shape[:2]
        self._image = self._pair(shape, torch.uint8)
        self.labels = self._pair(self._label_size, torch.uint8)
        self.counts = self._pair((COUNT_BINS,), torch.float64)
        self._confidence: _Pair | None = None

    def _pair(self, shape: tuple[int, ...], dtype: torch.dtype) -> _Pair:
        on_device = torch.empty(shape, dtype=dtype, device=self._device)
        if self._device.type == "cpu":
            return on_device, on_device
        return on_device, pinned(shape, dtype)

    def confidence(self) -> _Pair:
        """Return the pair for confidence, made when it is first asked for."""
        if self._confidence is None:
            self._confidence = self._pair(self._label_size, torch.uint8)
        return self._confidence

    def upload(self, image: NDArray[np.uint8]) -> Tensor:
        """Bring an image to the device; on a CPU it is used where it lies, if torch can."""
        on_device, on_host = self._image
        if on_device is on_host and image.flags.writeable and min(image.strides) >= 0:
            return torch.from_numpy(image)
        np.copyto(on_host.numpy(), image)
        _copy(on_device, on_host)
        return on_device

    def download(self, outputs: frozenset[str]) -> None:
        """Start the copies of the wanted results to the host."""
        pairs = [self.counts]
        if "labels" in outputs:
            pairs.append(self.labels)
        if "confidence" in outputs:
            pairs.append(self.confidence())
        for on_device, on_host in pairs:
            _copy(on_host, on_device)


def _copy(target: Tensor, source: Tensor) -> None:
    if target is not source:
        target.copy_(source, non_blocking=True)


class StageClock:
    """Marks between the stages of a group, on the device's own timeline."""

    def __init__(self, cuda: bool) -> None:
        # blocking: the waiting thread sleeps; Python's other threads have work to do.
        self._events = (
            [
                torch.cuda.Event(enable_timing=True, blocking=True)  # type: ignore[no-untyped-call]
                for _ in range(len(_STAGES) + 1)
            ]
            if cuda
            else []
        )
        self._seconds = [0.0] * (len(_STAGES) + 1)
        self._next = 0

    def mark(self) -> None:
        """Note that the next stage begins here (on a GPU: when the stream gets here)."""
        if self._events:
            self._events[self._next].record()
        else:
            self._seconds[self._next] = time.perf_counter()
        self._next += 1

    def wait(self) -> None:
        """Wait until the device has passed the last mark."""
        if self._events:
            self._events[-1].synchronize()
        self._next = 0

    def stages_ms(self) -> dict[str, float]:
        """Return the time of each stage, by field of Timings."""
        if self._events:
            pairs = zip(self._events, self._events[1:], strict=False)
            values = [float(begin.elapsed_time(end)) for begin, end in pairs]
        else:
            ticks = zip(self._seconds, self._seconds[1:], strict=False)
            values = [(end - begin) * 1e3 for begin, end in ticks]
        return dict(zip(_STAGES, values, strict=True))


class Recent(Generic[_Value]):
    """Values by shape, for the shapes used last; older ones are let go."""

    def __init__(self, kept: int = _KEPT_SHAPES) -> None:
        self._kept = kept
        self._entries: OrderedDict[tuple[int, ...], _Value] = OrderedDict()

    def get(self, shape: tuple[int, ...], make: Callable[[], _Value]) -> _Value:
        """Return what is kept for a shape, made now if there is nothing."""
        if shape not in self._entries:
            self._entries[shape] = make()
            if len(self._entries) > self._kept:
                self._entries.popitem(last=False)
        self._entries.move_to_end(shape)
        return self._entries[shape]
