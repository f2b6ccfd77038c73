# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""An image and its mask: the two files, how they are read, and what the numbers in a mask mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.errors import LwrfError
from lwrf_ros.input_file import special_kind

# What a value without a meaning becomes: no class of a published data set, so whoever counts
# refuses it as an index outside of the table.
NO_MEANING = 254


class DatasetError(LwrfError):
    """A data set that cannot be used; the message lists every mistake with its path."""


@dataclass(frozen=True)
class Numbering:
    """Meaning of the values in the masks of a published data set.

    Attributes:
        title: What the data set is called.
        table: Name of the bundled class table with its classes.
        num_classes: Number of classes C.
        values: The values that its masks may hold, in words.
        indices: By value of the file, 256 bytes: the class index, 255 for unlabelled, 254 for a
            value that its masks do not have.
    """

    title: str
    table: str
    num_classes: int
    values: str
    indices: bytes


def numbering(
    title: str, table: str, num_classes: int, values: str, meanings: Mapping[int, int]
) -> Numbering:
    """Build a numbering from the class index of each value that occurs."""
    indices = bytes(meanings.get(value, NO_MEANING) for value in range(256))
    return Numbering(title, table, num_classes, values, indices)


@dataclass(frozen=True)
class Pair:
    """An image and its mask.

    Attributes:
        name: What both files are called, without the suffix.
        image: The image's path.
        mask: The mask's path.
        numbering: What the mask's values mean; None where they are class indices.
        probabilities: The path of the classes' probabilities that a teacher stored; None where
            there are none.
    """

    name: str
    image: Path
    mask: Path
    numbering: Numbering | None = None
    probabilities: Path | None = None


def read_truth(pair: Pair) -> NDArray[np.uint8]:
    """Read a pair's mask as ``(H, W) uint8`` class indices; 255 is unlabelled.

    Raises:
        DatasetError: If it cannot be read or is a picture of colours instead of indices.
    """
    values = read_mask(pair.mask)
    if pair.numbering is None:
        return values
    return np.frombuffer(pair.numbering.indices, dtype=np.uint8)[values]


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read an image as ``(H, W, 3) uint8 RGB``.

    Raises:
        DatasetError: If it cannot be read.
    """
    image = _decode(path, cv2.IMREAD_COLOR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def read_mask(path: Path) -> NDArray[np.uint8]:
    """Read the values of a mask as ``(H, W) uint8``; `read_truth` says what they mean.

    A palette image gives its indices, as labelling tools write them.

    Raises:
        DatasetError: If it cannot be read or is a picture of colours instead of indices.
    """
    from PIL import Image, UnidentifiedImageError

    # Pillow and not OpenCV: a mask with a palette holds indices, which OpenCV turns to colours.
    _refuse_special(path)
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


def _decode(path: Path, flags: int) -> NDArray[Any]:
    _refuse_special(path)
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


def _refuse_special(path: Path) -> None:
    if kind := special_kind(path):
        raise DatasetError(f"{path}: cannot be read: it is a {kind}; wanted a file")


def refuse_truncated_jpeg(path: Path) -> None:
    """Raise `DatasetError` where OpenCV before 5 would fill up what is missing with grey."""
    from PIL import Image

    if path.suffix.lower() not in (".jpg", ".jpeg"):
        return
    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, ValueError, SyntaxError) as error:
        raise DatasetError(f"{path}: cannot be read as an image: {error}") from error
