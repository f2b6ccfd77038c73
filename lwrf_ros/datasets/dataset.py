# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A folder of images and index masks, checked as a whole before anything is trained on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path

from lwrf_ros.classes.class_table import UNLABELLED, ClassTable
from lwrf_ros.datasets.facts import FROM_1, Facts
from lwrf_ros.datasets.names import find_images, find_masks, name_of
from lwrf_ros.datasets.pair import DatasetError, Pair, read_image, read_truth
from lwrf_ros.datasets.pair_check import OUT_OF_EXIF, look_at
from lwrf_ros.datasets.probabilities import find_probabilities
from lwrf_ros.datasets.published import LAYOUTS, list_published, recognise
from lwrf_ros.files import listed

__all__ = [
    "DatasetError",
    "Pair",
    "check_pairs",
    "count_facts",
    "find_pairs",
    "list_pairs",
    "raise_if_any",
    "read_image",
    "read_truth",
]

_WORKERS = 4


def find_pairs(
    source: str | PathLike[str], split: str = "val", classes: ClassTable | None = None
) -> list[Pair]:
    """List the pairs of a data set in natural order of their names.

    The layout is ``folder/images/NAME.jpg`` (or another image format) beside
    ``folder/masks/NAME.png``, or what `names.find_masks` takes as well. ``voc:folder`` or
    ``voc:folder:train`` is a published data set in the layout in which it is distributed; `LAYOUTS`
    names them.

    Args:
        source: The data set's folder, with the name of its layout before it where it has one.
        split: Which part of a published data set is meant where the source names none.
        classes: The class table of one's own masks, for those that hold its colours.

    Raises:
        DatasetError: If a folder is missing or empty, or a file has no partner.
    """
    problems: list[str] = []
    pairs = list_pairs(source, problems, split, classes)
    raise_if_any(problems)
    return pairs


def list_pairs(
    source: str | PathLike[str],
    problems: list[str],
    split: str = "val",
    classes: ClassTable | None = None,
) -> list[Pair]:
    """List the pairs of a data set as `find_pairs` does, and go on where something is wrong.

    Args:
        source: The data set's folder, with the name of its layout before it where it has one.
        problems: Gets a line for everything that is wrong.
        split: Which part of a published data set is meant where the source names none.
        classes: As of `find_pairs`.
    """
    name, colon, rest = str(source).partition(":")
    if not (colon and name in LAYOUTS):
        return _list_folder(Path(source).expanduser(), problems, classes)
    folder = Path(rest).expanduser()
    if not folder.is_dir() and ":" in rest:
        rest, _, split = rest.rpartition(":")
        folder = Path(rest).expanduser()
    return list_published(name, folder, split, problems)


def _list_folder(root: Path, problems: list[str], classes: ClassTable | None) -> list[Pair]:
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
        Pair(name, path, masks[name], classes=classes, probabilities=stored.get(name))
        for name, path in images.items()
        if name in masks
    ]


def check_pairs(
    pairs: Sequence[Pair], classes: ClassTable, on_done: Callable[[], object] = lambda: None
) -> Facts:
    """Read every file and check that it can be trained on.

    Args:
        pairs: The pairs.
        classes: The class table of the masks.
        on_done: Called after each pair, for a progress bar.

    Returns:
        What was counted in all masks.

    Raises:
        DatasetError: If a file is unreadable, sizes differ, EXIF turns the one and not the other, a
            mask holds what the table does not have, or nothing at all is labelled.
    """
    problems: list[str] = []
    facts = count_facts(pairs, classes, problems, on_done)
    raise_if_any(problems)
    return facts


def count_facts(
    pairs: Sequence[Pair],
    classes: ClassTable,
    problems: list[str],
    on_done: Callable[[], object] = lambda: None,
) -> Facts:
    """Read and check every file as `check_pairs` does, and go on where something is wrong.

    Args:
        pairs: The pairs.
        classes: The class table of the masks.
        problems: Gets a line for everything that is wrong.
        on_done: Called after each pair, for a progress bar.

    Returns:
        What was counted in all masks that could be read.
    """
    facts = Facts.of(len(classes))
    found = _wrong_tables(pairs, classes)
    if found:
        problems += found
        return facts
    outside: set[int] = set()
    has_0 = has_unlabelled = is_turned = False
    with ThreadPoolExecutor(_WORKERS) as pool:
        looked = pool.map(lambda pair: look_at(pair, len(classes)), pairs)
        for pair, one in zip(pairs, looked, strict=True):
            found += one.problems
            outside |= set(one.outside)
            has_0 |= one.numbers[0]
            has_unlabelled |= one.numbers[1]
            is_turned |= one.is_turned
            if one.histogram is not None:
                facts.add(pair.mask.name, one.histogram, one.how)
            on_done()
    if is_turned:
        found.append(OUT_OF_EXIF)
    # The number of classes and nothing else is no class, and 0 may stand for what 255 should.
    own = all(pair.numbering is None for pair in pairs)
    if own and outside == {len(classes)} and not (has_0 and has_unlabelled):
        found.append(
            f"{pairs[0].mask.parent}: the largest index is {len(classes)}, the number of classes; "
            f"do these masks count from 1? {FROM_1}"
        )
    if pairs and not found and not facts.pixels.any():
        found.append(
            f"{pairs[0].mask.parent}: all {len(pairs)} masks are unlabelled ({UNLABELLED}) "
            f"throughout; wanted class indices from 0 to {len(classes) - 1} in them"
        )
    problems += found
    return facts


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
