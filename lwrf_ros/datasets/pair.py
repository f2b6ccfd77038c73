# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""An image and its mask: the two files, how they are read, and what the numbers in a mask mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.mask_meaning import MaskLabels, labels_of, refuse_values
from lwrf_ros.datasets.stored_mask import MaskError, StoredMask, read_stored
from lwrf_ros.errors import LwrfError
from lwrf_ros.images.orientation import is_turned_by_decoders, orientation_of, turned
from lwrf_ros.input_file import special_kind

# What a value without a meaning becomes: no class of a published data set.
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
        numbering: What the mask's values mean in a published data set; None in one's own.
        classes: The class table of the mask, where it is one's own: its colours say what colours
            and palettes mean. None takes every number as it is, and refuses colours.
        probabilities: The path of the classes' probabilities that a teacher stored; None where
            there are none.
    """

    name: str
    image: Path
    mask: Path
    numbering: Numbering | None = None
    classes: ClassTable | None = None
    probabilities: Path | None = None


def read_truth(pair: Pair) -> NDArray[np.uint8]:
    """Read a pair's mask as ``(H, W) uint8`` class indices; 255 is unlabelled.

    Raises:
        DatasetError: If it cannot be read, or holds what stands for no class.
    """
    try:
        return meaning_of(pair, read_stored(read_bytes(pair.mask))).labels
    except MaskError as error:
        raise DatasetError(f"{pair.mask}: {error}") from error


def meaning_of(pair: Pair, stored: StoredMask) -> MaskLabels:
    """Return the class indices that what is stored in a pair's mask stands for.

    Raises:
        MaskError: If it holds what stands for no class.
    """
    if pair.numbering is None:
        return labels_of(stored, pair.classes)
    numbers = labels_of(stored, None)
    labels = np.frombuffer(pair.numbering.indices, dtype=np.uint8)[numbers.labels]
    refuse_values(numbers.labels, labels == NO_MEANING, pair.numbering.values)
    return MaskLabels(labels, f"numbered as in {pair.numbering.title}")


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read an image as ``(H, W, 3) uint8 RGB``, turned as its EXIF says.

    Raises:
        DatasetError: If it cannot be read.
    """
    return decode_image(path, read_bytes(path))


def decode_image(path: Path, data: bytes) -> NDArray[np.uint8]:
    """Decode the bytes of an image's file as `read_image` does.

    Raises:
        DatasetError: If they are no image.
    """
    # Not turned by OpenCV: which formats it turns depends on its version.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags) if data else None
    except cv2.error:
        image = None
    if image is None:
        raise DatasetError(f"{path}: cannot be read as an image")
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
    return rgb if is_turned_by_decoders(data) else turned(rgb, orientation_of(data))


def read_bytes(path: Path) -> bytes:
    """Read a file of a data set.

    Raises:
        DatasetError: If it cannot be read.
    """
    if kind := special_kind(path):
        raise DatasetError(f"{path}: cannot be read: it is a {kind}; wanted a file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error


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
