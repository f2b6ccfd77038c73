# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How long weights take for a frame on this machine."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lwrf_ros.segmentation import Segmenter

FRAMES = 9
# Of images of weights that name no training size.
DEFAULT_SIZE = (480, 640)
INCLUDES = "image in, labels and coverage out, one image at a time; median after warm-up"


@dataclass(frozen=True)
class FrameTime:
    """A measured time per frame.

    Attributes:
        median_ms: Median time of a frame in milliseconds; `INCLUDES` says of what.
        frames: How many were measured.
        image: ``width x height`` of the images, as text.
        device: Where the network ran, with threads or the GPU's name.
        precision: fp32, fp16 or bf16.
    """

    median_ms: float
    frames: int
    image: str
    device: str
    precision: str

    def as_json(self) -> dict[str, Any]:
        """Return it as a tree for JSON."""
        return {**asdict(self), "includes": INCLUDES}

    def __str__(self) -> str:
        return (
            f"{self.median_ms:.1f} ms for {self.image} in {self.precision} on {self.device} "
            f"({self.frames} frames: {INCLUDES})"
        )


def measure_frame_time(weights: str | Path, device: str, frames: int = FRAMES) -> FrameTime:
    """Run weights on made-up images of their input size.

    Args:
        weights: As `Segmenter.load` takes them.
        device: Likewise.
        frames: How many to measure.

    Raises:
        LwrfError: If the weights or the device cannot be used.
    """
    segmenter = Segmenter.load(weights, device)
    try:
        height, width = segmenter.input_size or DEFAULT_SIZE
        segmenter.warm_up((height, width))
        image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
        times_ms = []
        for _ in range(frames):
            started = time.perf_counter()
            segmenter.segment([image])
            times_ms.append((time.perf_counter() - started) * 1e3)
        return FrameTime(
            float(np.median(times_ms)),
            frames,
            f"{width}x{height}",
            segmenter.device_name,
            segmenter.precision,
        )
    finally:
        segmenter.close()
