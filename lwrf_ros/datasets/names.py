# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which file of a data set's folder belongs to which image, by its name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from lwrf_ros.files import composed, listed

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
MASK_SUFFIX = ".png"
# What Roboflow puts behind the name of an image to name its mask.
_MASK_ENDING = "_mask"


def find_images(folder: Path, problems: list[str]) -> dict[str, Path]:
    """Return the images of a folder by name, in natural order.

    Args:
        folder: The folder; those in it are not entered.
        problems: Gets a line for every image that is called like another.
    """
    found: dict[str, Path] = {}
    for path in listed(folder):
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        first = found.setdefault(name_of(path), path)
        if first is not path:
            problems.append(f"{path}: is called like {first.name}; rename one of them")
    return found


def find_masks(folder: Path, images: Collection[str], problems: list[str]) -> dict[str, Path]:
    """Return the masks of a folder by the name of their image, in natural order.

    A mask is called like its image: f0.png for f0.jpg. f0.jpg.png (Supervisely) and f0_mask.png
    (Roboflow) are taken as well where no image has the whole name. A mask of no image is under its
    own name.

    Args:
        folder: The folder; those in it are not entered.
        images: Names of the images.
        problems: Gets a line for every second mask of an image.
    """
    found: dict[str, Path] = {}
    for path in listed(folder):
        if path.suffix.lower() != MASK_SUFFIX:
            continue
        own = name_of(path)
        name = next((one for one in _shorter(own) if one in images), own)
        first = found.setdefault(name, path)
        if first is not path:
            problems.append(f"{path}: is a mask of {name}, as is {first.name}; remove one of them")
    return found


def name_of(path: Path) -> str:
    """Return what a file is called without its ending, in Unicode's composed form (NFC)."""
    return composed(path.stem)


def _shorter(name: str) -> Iterator[str]:
    """Return the names of images that a mask of that name may be of, the whole name first."""
    yield name
    yield name.removesuffix(_MASK_ENDING)
    stem, dot, ending = name.rpartition(".")
    if f"{dot}{ending.lower()}" in IMAGE_SUFFIXES:
        yield stem
