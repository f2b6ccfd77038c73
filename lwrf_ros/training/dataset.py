# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A folder of images and index masks, checked as a whole before anything is trained on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes import UNLABELLED, ClassTable
from lwrf_ros.errors import LwrfError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
MASK_SUFFIX = ".png"
_WORKERS = 4


class DatasetError(LwrfError):
    """A data set that cannot be used; the message lists every mistake with its path."""


@dataclass(frozen=True)
class Pair:
    """An image and its mask.

    Attributes:
        name: What both files are called, without the suffix.
        image: The image's path.
        mask: The mask's path.
    """

    name: str
    image: Path
    mask: Path


def find_pairs(folder: str | PathLike[str]) -> list[Pair]:
    """List the pairs of a data set, sorted by name.

    The layout is ``folder/images/NAME.jpg`` (or another image format) beside
    ``folder/masks/NAME.png``.

    Args:
        folder: The data set's folder.

    Raises:
        DatasetError: If a folder is missing or empty, or a file has no partner.
    """
    problems: list[str] = []
    pairs = list_pairs(folder, problems)
    raise_if_any(problems)
    return pairs


def list_pairs(folder: str | PathLike[str], problems: list[str]) -> list[Pair]:
    """List the pairs of a data set as `find_pairs` does, and go on where something is wrong.

    Args:
        folder: The data set's folder.
        problems: Gets a line for everything that is wrong.
    """
    root = Path(folder).expanduser()
    for part in (root, root / "images", root / "masks"):
        if not part.is_dir():
            problems.append(
                f"there is no folder {part}; wanted a data set with images/NAME.jpg (or .png) and "
                "masks/NAME.png beside each other"
            )
            return []
    images: dict[str, Path] = {}
    for path in sorted((root / "images").iterdir()):
        if path.name.startswith(".") or path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        if path.stem in images:
            problems.append(f"{path}: is called like {images[path.stem].name}; rename one of them")
        else:
            images[path.stem] = path
    masks = {
        path.stem: path
        for path in sorted((root / "masks").iterdir())
        if path.suffix.lower() == MASK_SUFFIX and not path.name.startswith(".")
    }
    if not images and not masks:
        problems.append(f"{root} holds no images; wanted files in {root / 'images'}")
    for name in sorted(images.keys() - masks.keys()):
        problems.append(f"{images[name]}: has no mask; wanted {root / 'masks' / name}.png")
    for name in sorted(masks.keys() - images.keys()):
        problems.append(f"{masks[name]}: has no image of that name in {root / 'images'}")
    return [Pair(name, path, masks[name]) for name, path in images.items() if name in masks]


def check_pairs(
    pairs: Sequence[Pair], classes: ClassTable, on_done: Callable[[], object] = lambda: None
) -> NDArray[np.int64]:
    """Read every file and check that it can be trained on.

    Args:
        pairs: The pairs.
        classes: The class table of the masks.
        on_done: Called after each pair, for a progress bar.

    Returns:
        ``(C,)`` pixels by class over all masks.

    Raises:
        DatasetError: If a file is unreadable, sizes differ, a mask holds an index that the table
            does not have, or nothing at all is labelled.
    """
    problems: list[str] = []
    pixels = count_pixels(pairs, classes, problems, on_done)
    raise_if_any(problems)
    return pixels


def count_pixels(
    pairs: Sequence[Pair],
    classes: ClassTable,
    problems: list[str],
    on_done: Callable[[], object] = lambda: None,
) -> NDArray[np.int64]:
    """Read and check every file as `check_pairs` does, and go on where something is wrong.

    Args:
        pairs: The pairs.
        classes: The class table of the masks.
        problems: Gets a line for everything that is wrong.
        on_done: Called after each pair, for a progress bar.

    Returns:
        ``(C,)`` pixels by class over all masks that could be read.
    """
    found: list[str] = []
    counts = np.zeros(256, dtype=np.int64)
    with ThreadPoolExecutor(_WORKERS) as pool:
        for problem, histogram in pool.map(lambda pair: _check_pair(pair, len(classes)), pairs):
            found += problem
            counts += histogram
            on_done()
    if pairs and not found and not counts[: len(classes)].any():
        found.append(
            f"{pairs[0].mask.parent}: all {len(pairs)} masks are unlabelled ({UNLABELLED}) "
            f"throughout; wanted class indices from 0 to {len(classes) - 1} in them"
        )
    problems += found
    return counts[: len(classes)]


def raise_if_any(problems: Sequence[str]) -> None:
    """Raise one error for everything that is wrong with a data set.

    Raises:
        DatasetError: If there is anything.
    """
    if problems:
        noun = "mistake" if len(problems) == 1 else "mistakes"
        listed = "\n  ".join(problems)
        raise DatasetError(f"{len(problems)} {noun} in the data set:\n  {listed}")


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read an image as ``(H, W, 3) uint8 RGB``.

    Raises:
        DatasetError: If it cannot be read.
    """
    image = _decode(path, cv2.IMREAD_COLOR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def read_mask(path: Path) -> NDArray[np.uint8]:
    """Read a mask of class indices as ``(H, W) uint8``; 255 is unlabelled.

    A palette image gives its indices, as labelling tools write them.

    Raises:
        DatasetError: If it cannot be read or is a picture of colours instead of indices.
    """
    from PIL import Image, UnidentifiedImageError

    # Pillow and not OpenCV: a mask with a palette holds indices, which OpenCV turns to colours.
    try:
        with Image.open(path) as mask:
            if mask.mode not in ("L", "P", "1"):
                raise DatasetError(
                    f"{path}: has the mode {mask.mode}; wanted one channel of 8 bits with the "
                    f"class index of each pixel ({UNLABELLED} for none)"
                )
            return np.asarray(mask, dtype=np.uint8)
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as error:
        raise DatasetError(f"{path}: cannot be read as an image: {error}") from error


def _decode(path: Path, flags: int) -> NDArray[np.uint8]:
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        image = cv2.imdecode(data, flags) if data.size else None
    except cv2.error:
        image = None
    if image is None:
        raise DatasetError(f"{path}: cannot be read as an image")
    return image


def _refuse_truncated_jpeg(path: Path) -> None:
    """Raise `DatasetError` where OpenCV before 5 would fill up what is missing with grey."""
    from PIL import Image

    if path.suffix.lower() not in (".jpg", ".jpeg"):
        return
    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, ValueError, SyntaxError) as error:
        raise DatasetError(f"{path}: cannot be read as an image: {error}") from error


def _check_pair(pair: Pair, num_classes: int) -> tuple[list[str], NDArray[np.int64]]:
    """Return what is wrong with a pair, and its pixels by index."""
    problems: list[str] = []
    histogram = np.zeros(256, dtype=np.int64)
    sizes = []
    try:
        sizes.append(read_image(pair.image).shape[:2])
        _refuse_truncated_jpeg(pair.image)
    except DatasetError as error:
        problems.append(str(error))
    try:
        mask = read_mask(pair.mask)
        sizes.append(mask.shape)
        histogram = np.bincount(mask.ravel(), minlength=256).astype(np.int64)
    except DatasetError as error:
        problems.append(str(error))
    if len(sizes) == 2 and sizes[0] != sizes[1]:
        (height, width), (mask_height, mask_width) = sizes
        problems.append(
            f"{pair.mask}: is {mask_width}x{mask_height}, its image is {width}x{height}; wanted "
            "the same size"
        )
    outside = [int(i) for i in np.flatnonzero(histogram[:UNLABELLED]) if i >= num_classes]
    if outside:
        problems.append(
            f"{pair.mask}: holds the {'indices' if len(outside) > 1 else 'index'} "
            f"{', '.join(map(str, outside[:8]))}{', …' if len(outside) > 8 else ''}; the table has "
            f"classes 0 to {num_classes - 1}, and {UNLABELLED} for unlabelled"
        )
    return problems, histogram
