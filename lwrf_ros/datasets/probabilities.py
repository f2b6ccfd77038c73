# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The classes' probabilities that a teacher stored beside the masks: soft labels."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.datasets.names import name_of
from lwrf_ros.datasets.pair import DatasetError
from lwrf_ros.files import listed
from lwrf_ros.labelling.probability_file import FOLDER, KEY, SUFFIX


def find_probabilities(root: Path) -> dict[str, Path]:
    """Return the stored probabilities of a data set by the name of their image.

    Args:
        root: The data set's folder.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return {}
    return {name_of(path): path for path in listed(folder) if path.suffix.lower() == SUFFIX}


def read_probabilities(path: Path, num_classes: int) -> NDArray[np.uint8]:
    """Read the probabilities of an image's classes.

    Args:
        path: The file.
        num_classes: Number of classes C.

    Returns:
        ``(C, h, w) uint8``, 255 for a probability of 1, over the whole image in whatever
        resolution the teacher had. A pixel's sum is less than 255 where the teacher saw something
        that is none of the classes.

    Raises:
        DatasetError: If it cannot be read or is something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            values = file[KEY]
    except KeyError:
        raise DatasetError(f"{path}: has no array {KEY!r}; wanted what lwrf label writes") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: cannot be read as probabilities: {error}") from error
    if (
        values.dtype != np.uint8
        or values.ndim != 3
        or len(values) != num_classes
        or not values.size
    ):
        raise DatasetError(
            f"{path}: holds {values.dtype} of shape {values.shape}; wanted uint8 of shape "
            f"({num_classes}, h, w), a map for each class of the table"
        )
    return values


def check_probabilities(path: Path, num_classes: int) -> list[str]:
    """Return what is wrong with stored probabilities, in a list that is empty if nothing is."""
    try:
        read_probabilities(path, num_classes)
    except DatasetError as error:
        return [str(error)]
    return []


def resize_probabilities(values: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Stretch ``(C, h, w) uint8`` bilinearly to ``size`` (height, width)."""
    if values.shape[1:] == size:
        return values
    height, width = size
    return np.stack(
        [cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in values]
    ).astype(np.uint8, copy=False)
