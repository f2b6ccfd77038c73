# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One image and its mask, looked at before anything is done with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.datasets.mask_meaning import AS_STORED, range_of, refuse_values
from lwrf_ros.datasets.pair import (
    DatasetError,
    Pair,
    decode_image,
    meaning_of,
    read_bytes,
    refuse_truncated_jpeg,
)
from lwrf_ros.datasets.probabilities import check_probabilities
from lwrf_ros.datasets.stored_mask import MaskError, StoredMask, read_stored
from lwrf_ros.images.orientation import QUARTER_TURNS, TURNS, UNSAID, orientation_of

OUT_OF_EXIF = (
    "EXIF turns images. "
    "If the masks were painted on the pictures as they are displayed, say so in the masks: "
    "exiftool -n -Orientation=1 masks; if on the pixels as they are stored, take EXIF's turn out "
    "of the images: exiftool -Orientation= images"
)


@dataclass(eq=False)
class Looked:
    """What is in a pair.

    Attributes:
        problems: A line for everything that is wrong.
        histogram: ``(256,) int64``, the mask's pixels by class index; None where it cannot be used.
        how: How the mask was read, as of `mask_meaning.MaskLabels`.
        numbers: Whether the mask, read or not, holds 0 and whether it holds 255 as a number.
        outside: Numbers in the mask that stand for no class.
        is_turned: Whether EXIF turns the one and maybe not the other.
    """

    problems: list[str] = field(default_factory=list)
    histogram: NDArray[np.int64] | None = None
    how: str = AS_STORED
    numbers: tuple[bool, bool] = (False, False)
    outside: tuple[int, ...] = ()
    is_turned: bool = False


def look_at(pair: Pair, num_classes: int) -> Looked:
    """Read both files of a pair, and what a teacher stored beside them.

    Args:
        pair: The pair.
        num_classes: Number of classes C.
    """
    looked = Looked()
    size, turn = None, UNSAID
    try:
        data = read_bytes(pair.image)
        size, turn = decode_image(pair.image, data).shape[:2], orientation_of(data)
        refuse_truncated_jpeg(pair.image)
    except DatasetError as error:
        looked.problems.append(str(error))
    try:
        stored = read_stored(read_bytes(pair.mask))
        if size is not None:
            misfits = _misfits(pair, size, turn, stored)
            looked.problems += misfits
            looked.is_turned = bool(misfits) and turn in TURNS
        looked.numbers = bool((stored.values == 0).any()), bool((stored.values == UNLABELLED).any())
        labels, looked.how = meaning_of(pair, stored)
        wrong = (labels >= num_classes) & (labels != UNLABELLED)
        refuse_values(labels, wrong, range_of(num_classes))
        looked.histogram = np.bincount(labels.ravel(), minlength=256).astype(np.int64)
    except DatasetError as error:
        looked.problems.append(str(error))
    except MaskError as error:
        looked.problems.append(f"{pair.mask}: {error}")
        looked.outside = error.outside
    if pair.probabilities is not None:
        looked.problems += check_probabilities(pair.probabilities, num_classes)
    return looked


def _misfits(pair: Pair, size: tuple[int, ...], turn: int, mask: StoredMask) -> list[str]:
    """Say where a mask does not lie on its image.

    Args:
        pair: The pair.
        size: ``(height, width)`` of the image as displayed.
        turn: EXIF's orientation of the image.
        mask: What is stored in the mask.
    """
    (height, width), (mask_height, mask_width) = size, mask.values.shape[:2]
    of_image, of_mask = TURNS.get(turn), TURNS.get(mask.orientation)
    if (height, width) != (mask_height, mask_width):
        said = f"; EXIF: the image is {of_image}" if of_image else ""
        said += f"; EXIF: the mask is {of_mask}" if of_mask else ""
        return [
            f"{pair.mask}: is {mask_width}x{mask_height}, its image is {width}x{height}{said}; "
            "wanted the same size"
        ]
    if of_mask and turn != mask.orientation:
        return [
            f"{pair.mask}: EXIF says that it is {of_mask}, and of its image {pair.image.name} that "
            f"it is {of_image or 'not turned'}; wanted the same of both"
        ]
    # What is displayed upright and stored lying fits a mask of its size in one way only.
    told_by_size = turn in QUARTER_TURNS and height != width
    if of_image and mask.orientation == UNSAID and not told_by_size:
        return [
            f"{pair.image}: EXIF says that it is {of_image}, and its mask {pair.mask.name} says "
            "nothing, so it may lie on what is displayed or on what is stored"
        ]
    return []
