# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A folder of images and index masks, checked as a whole before anything is trained on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED, ClassTable
from lwrf_ros.datasets.names import find_images, find_masks, name_of
from lwrf_ros.datasets.pair import (
    NO_MEANING,
    DatasetError,
    Numbering,
    Pair,
    read_image,
    read_mask,
    read_truth,
    refuse_truncated_jpeg,
)
from lwrf_ros.datasets.probabilities import check_probabilities, find_probabilities
from lwrf_ros.datasets.published import LAYOUTS, list_published, recognise
from lwrf_ros.files import listed

__all__ = [
    "DatasetError",
    "Pair",
    "check_pairs",
    "count_pixels",
    "find_pairs",
    "list_pairs",
    "raise_if_any",
    "read_image",
    "read_mask",
    "read_truth",
]

_WORKERS = 4


def find_pairs(source: str | PathLike[str], split: str = "val") -> list[Pair]:
    """List the pairs of a data set in natural order of their names.

    The layout is ``folder/images/NAME.jpg`` (or another image format) beside
    ``folder/masks/NAME.png``, or what `names.find_masks` takes as well. ``voc:folder`` or
    ``voc:folder:train`` is a published data set in the layout in which it is distributed; `LAYOUTS`
    names them.

    Args:
        source: The data set's folder, with the name of its layout before it where it has one.
        split: Which part of a published data set is meant where the source names none.

    Raises:
        DatasetError: If a folder is missing or empty, or a file has no partner.
    """
    problems: list[str] = []
    pairs = list_pairs(source, problems, split)
    raise_if_any(problems)
    return pairs


def list_pairs(source: str | PathLike[str], problems: list[str], split: str = "val") -> list[Pair]:
    """List the pairs of a data set as `find_pairs` does, and go on where something is wrong.

    Args:
        source: The data set's folder, with the name of its layout before it where it has one.
        problems: Gets a line for everything that is wrong.
        split: Which part of a published data set is meant where the source names none.
    """
    name, colon, rest = str(source).partition(":")
    if not (colon and name in LAYOUTS):
        return _list_folder(Path(source).expanduser(), problems)
    folder = Path(rest).expanduser()
    if not folder.is_dir() and ":" in rest:
        rest, _, split = rest.rpartition(":")
        folder = Path(rest).expanduser()
    return list_published(name, folder, split, problems)


def _list_folder(root: Path, problems: list[str]) -> list[Pair]:
    for part in (root, root / "images", root / "masks"):
        if not part.is_dir():
            problems.append(
                f"there is no folder {part}; wanted a data set with images/NAME.jpg (or .png) and "
                f"masks/NAME.png beside each other{_advice(root)}"
            )
            return []
    images = find_images(root / "images", problems)
    masks = find_masks(root / "masks", images, problems)
    if not images and not masks:
        problems.append(f"{root} holds no images; wanted files in {root / 'images'}")
    others = {name_of(path): path for path in listed(root / "masks")}
    for name, path in images.items():
        if name not in masks:
            there = f", not {others[name].name}" if name in others else ""
            problems.append(f"{path}: has no mask; wanted {root / 'masks' / name}.png{there}")
    for name, path in masks.items():
        if name not in images:
            problems.append(f"{path}: has no image of that name in {root / 'images'}")
    stored = find_probabilities(root)
    return [
        Pair(name, path, masks[name], probabilities=stored.get(name))
        for name, path in images.items()
        if name in masks
    ]


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
    found = _wrong_tables(pairs, classes)
    if found:
        problems += found
        return np.zeros(len(classes), dtype=np.int64)
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


def _advice(root: Path) -> str:
    """Say how a published data set is read, where this looks like one."""
    found = " or ".join(f"{name}:{root}" for name in recognise(root))
    return f", or {found}, as which this looks" if found else ""


def _wrong_tables(pairs: Sequence[Pair], classes: ClassTable) -> list[str]:
    """Return a line for every published data set that has not as many classes as the table."""
    known = dict.fromkeys(pair.numbering for pair in pairs if pair.numbering)
    return [
        f"{one.title} has {one.num_classes} classes, the class table {classes.name!r} has "
        f"{len(classes)}; wanted the table {one.table!r} (--classes {one.table})"
        for one in known
        if one.num_classes != len(classes)
    ]


def _check_pair(pair: Pair, num_classes: int) -> tuple[list[str], NDArray[np.int64]]:
    """Return what is wrong with a pair, and its pixels by class index."""
    problems: list[str] = []
    histogram = np.zeros(256, dtype=np.int64)
    sizes = []
    try:
        sizes.append(read_image(pair.image).shape[:2])
        refuse_truncated_jpeg(pair.image)
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
    if outside := _outside(pair.numbering, num_classes, np.flatnonzero(histogram).tolist()):
        wanted = (
            f"the table has classes 0 to {num_classes - 1}, and {UNLABELLED} for unlabelled"
            if pair.numbering is None
            else pair.numbering.values
        )
        problems.append(
            f"{pair.mask}: holds the {'indices' if len(outside) > 1 else 'index'} "
            f"{', '.join(map(str, outside[:8]))}{', …' if len(outside) > 8 else ''}; {wanted}"
        )
    if pair.probabilities is not None:
        problems += check_probabilities(pair.probabilities, num_classes)
    if pair.numbering is None:
        return problems, histogram
    pixels = np.zeros(256, dtype=np.int64)
    np.add.at(pixels, np.frombuffer(pair.numbering.indices, dtype=np.uint8), histogram)
    return problems, pixels


def _outside(numbering: Numbering | None, num_classes: int, values: Sequence[int]) -> list[int]:
    """Return those of a mask's values that stand for neither a class nor unlabelled."""
    if numbering is None:
        return [value for value in values if num_classes <= value < UNLABELLED]
    return [value for value in values if numbering.indices[value] == NO_MEANING]
