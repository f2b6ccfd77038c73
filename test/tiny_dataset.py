# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A data set that is quickly written and easily learnt: blocks of three colours, one a class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lwrf_ros.classes.class_table import ClassTable

COLOURS = np.array([[220, 30, 40], [30, 200, 60], [40, 50, 210]], dtype=np.uint8)
TABLE = ClassTable("tiny", ("red", "green", "blue"), COLOURS)
TABLE_YAML = """name: tiny
classes:
  - {name: red, colour: [220, 30, 40]}
  - {name: green, colour: [30, 200, 60]}
  - {name: blue, colour: [40, 50, 210]}
"""


def scene(seed: int, size: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw an image ``(H, W, 3) uint8 RGB`` of 2 x 2 noisy blocks and its mask ``(H, W) uint8``.

    The top row of the mask is unlabelled.
    """
    random = np.random.default_rng(seed)
    height, width = size
    blocks = random.permutation(np.array([0, 1, 2, random.integers(3)], np.uint8)).reshape(2, 2)
    mask = blocks.repeat(-(-height // 2), axis=0).repeat(-(-width // 2), axis=1)[:height, :width]
    noise = random.integers(-20, 21, (*size, 3))
    image = (COLOURS[mask].astype(np.int64) + noise).clip(0, 255).astype(np.uint8)
    mask = mask.copy()
    mask[0] = 255
    return image, mask


def write_pair(
    folder: Path, name: str, image: NDArray[np.uint8], mask: NDArray[np.uint8], suffix: str = ".png"
) -> tuple[Path, Path]:
    """Write an image and its mask where a data set has them; return their paths."""
    paths = folder / "images" / (name + suffix), folder / "masks" / f"{name}.png"
    for path, picture in zip(paths, (image, mask), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    return paths


def write_dataset(
    folder: Path, count: int, size: tuple[int, int] = (48, 64), first_seed: int = 0
) -> Path:
    """Write so many scenes of a size ``(height, width)`` and return the folder."""
    for index in range(count):
        write_pair(folder, f"{index:03d}", *scene(first_seed + index, size))
    return folder


def write_table(folder: Path) -> Path:
    """Write the class table as YAML and return its path."""
    path = folder / "tiny.yaml"
    path.write_text(TABLE_YAML)
    return path


def read_mask(path: Path) -> NDArray[np.uint8]:
    """Return the numbers ``(H, W) uint8`` in a mask of 8 bits."""
    with Image.open(path) as mask:
        return np.array(mask, dtype=np.uint8)
