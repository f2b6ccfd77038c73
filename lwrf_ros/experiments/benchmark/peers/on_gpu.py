# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Ordinary ways to do on a GPU, with torch, what comes before and after the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.peers.peer import Answer
from lwrf_ros.segmentation import PRECISIONS


class Before(nn.Module):
    """``(N, H, W, 3) uint8`` to the network's input ``(N, 3, h, w)`` in the case's precision."""

    scale: Tensor
    offset: Tensor

    def __init__(self, setting: Setting, memory_format: torch.memory_format) -> None:
        super().__init__()
        self._size = setting.case.input_size
        self._dtype = PRECISIONS[setting.case.precision]
        self._memory_format = memory_format
        mean, std = (torch.tensor(one, dtype=torch.float64) for one in (setting.mean, setting.std))
        self.register_buffer("scale", (1 / (255 * std)).float().view(1, 3, 1, 1))
        self.register_buffer("offset", (-mean / std).float().view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Stretch and normalise."""
        x = images.permute(0, 3, 1, 2).float()
        if x.shape[2:] != self._size:
            x = interpolate(x, size=self._size, mode="bilinear", align_corners=False)
        x = x * self.scale + self.offset
        return x.to(dtype=self._dtype, memory_format=self._memory_format)


class After(nn.Module):
    """Logits ``(N, C, h, w)`` to labels ``(N, H, W) uint8`` and counts ``(N, C) int64``."""

    classes: Tensor

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self._size = setting.case.image_size
        self.register_buffer("classes", torch.arange(setting.num_classes, dtype=torch.uint8))

    def forward(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Interpolate to the images' size, take the best class, count."""
        scores = interpolate(logits.float(), size=self._size, mode="bilinear", align_corners=False)
        labels = scores.argmax(dim=1).to(torch.uint8)
        # Unlike bincount, which waits for the largest value, this stays on the device.
        counts = (labels.flatten(1).unsqueeze(1) == self.classes.view(1, -1, 1)).sum(dim=2)
        return labels, counts


def new_stream(device: str) -> torch.cuda.Stream:
    """Return a stream for a contestant, whose work begins after what torch has under way."""
    stream: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.default_stream(device))
    return stream


class Transfer:
    """Images to the device and results back, through pinned memory, and marks between stages."""

    def __init__(self, setting: Setting) -> None:
        case = setting.case
        self._device = torch.device(case.device)
        shape = (case.batch, *case.image_size)
        self._images = torch.empty((*shape, 3), dtype=torch.uint8, pin_memory=True)
        self._labels = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        counts = (case.batch, setting.num_classes)
        self._counts = torch.empty(counts, dtype=torch.int64, pin_memory=True)
        self._pixels = case.image_size[0] * case.image_size[1]
        self._names: list[str] = []
        # As in this package's engine the waiting thread sleeps instead of spinning: a robot has
        # other work for its cores, and who spins looks faster.
        self._events = [
            torch.cuda.Event(enable_timing=True, blocking=True)  # type: ignore[no-untyped-call]
            for _ in range(8)
        ]

    def upload(self, images: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Start a call: bring ``(H, W, 3) uint8`` images to the device."""
        self._names = []
        self._events[0].record()
        for image, slot in zip(images, self._images, strict=True):
            np.copyto(slot.numpy(), image)
        on_device = self._images.to(self._device, non_blocking=True)
        self.mark("copy")
        return on_device

    def mark(self, stage: str) -> None:
        """End a stage on the stream."""
        self._names.append(stage)
        self._events[len(self._names)].record()

    def download(self, labels: Tensor, counts: Tensor) -> list[Answer]:
        """End a call: bring the results to the host and wait for them."""
        self._labels.copy_(labels, non_blocking=True)
        self._counts.copy_(counts, non_blocking=True)
        self.mark("copy back")
        self._events[len(self._names)].synchronize()
        coverage = self._counts.numpy() / self._pixels
        return [
            Answer(one.copy(), share)
            for one, share in zip(self._labels.numpy(), coverage, strict=True)
        ]

    def stages_ms(self) -> dict[str, float]:
        """Return the stages of the last call, on the device's clock."""
        return {
            name: self._events[place].elapsed_time(self._events[place + 1])
            for place, name in enumerate(self._names)
        }
