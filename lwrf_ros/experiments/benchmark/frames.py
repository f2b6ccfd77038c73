# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The images that are labelled: made up, or of a recording."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.images.decoding import check, decode
from lwrf_ros.recordings import FrameError, open_frames

_SEED = 0
_NOISE = 6.0
_TO_RGB = {"rgb8": None, "bgr8": cv2.COLOR_BGR2RGB, "mono8": cv2.COLOR_GRAY2RGB}


def make_frames(count: int, size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Make up images: patches of colour from large to small, and a sensor's noise.

    Args:
        count: Number of images; they differ.
        size: ``(height, width)`` in pixels.

    Returns:
        ``(height, width, 3) uint8`` images, the same every time.
    """
    return [_scene(np.random.default_rng((_SEED, number)), size) for number in range(count)]


def read_frames(
    path: Path, topic: str | None, count: int, size: tuple[int, int]
) -> list[NDArray[np.uint8]]:
    """Read the first images of a recording, stretched to a size.

    Raises:
        FrameError: If the recording cannot be read or holds no images.
    """
    pictures: list[NDArray[np.uint8]] = []
    with open_frames(path, topic) as source:
        for frame in islice(source, count):
            check(frame.image)
            picture = decode(frame.image)
            to_rgb = _TO_RGB[picture.encoding]
            array = picture.array if to_rgb is None else cv2.cvtColor(picture.array, to_rgb)
            resized = cv2.resize(array, size[::-1])
            pictures.append(np.ascontiguousarray(resized, dtype=np.uint8))
    if not pictures:
        raise FrameError(f"{path} holds no images; give another recording")
    return pictures


def _scene(random: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = size
    scene = np.zeros((height, width, 3), np.float32)
    for cells in (3, 6, 12, 48):
        patches = random.uniform(-1, 1, (cells, cells * 4 // 3, 3)).astype(np.float32)
        scene += 90 / np.sqrt(cells) * cv2.resize(patches, (width, height))
    scene += 128 + random.normal(0, _NOISE, scene.shape)
    return np.clip(scene, 0, 255).astype(np.uint8)
