# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The paper's data sets in the layouts in which they are distributed: from a folder to pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lwrf_ros.datasets import numberings
from lwrf_ros.datasets.pair import Numbering, Pair
from lwrf_ros.files import is_hidden, listed, natural_order

SPLITS = ("train", "val", "test", "trainval")
# So many of the names that a wrong folder holds are told.
_TOLD = 8


@dataclass(frozen=True)
class Arrangement:
    """Where a distribution has its files; ``{split}`` in a path is the name of the part.

    Attributes:
        images: Folder of the images.
        masks: Folder of the masks.
        numbering: Gives what the masks' values mean.
        image_ends: What may follow an image's name, in the order of trying.
        mask_end: What follows a mask's name.
        listing: File with the names in a part, one a line; "" where each part has its folders.
        renamed: What is asked for, and what it is called here.
    """

    images: str
    masks: str
    numbering: Callable[[], Numbering]
    image_ends: tuple[str, ...] = (".jpg",)
    mask_end: str = ".png"
    listing: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)

    def is_in(self, root: Path) -> bool:
        """Whether a folder holds at least a part of this distribution."""
        return any((root / self.masks.format(split=split)).is_dir() for split in SPLITS)

    def splits(self, root: Path) -> list[str]:
        """Return the parts that are there."""
        pattern = self.listing or self.masks
        return [split for split in SPLITS if (root / pattern.format(split=split)).exists()]


@dataclass(frozen=True)
class Layout:
    """A data set and the ways in which it is distributed.

    Attributes:
        title: What it is called.
        wanted: The folders and files that are looked for, in words.
        arrangements: The first that is there is read.
    """

    title: str
    wanted: str
    arrangements: tuple[Arrangement, ...]


_PERSON_PART = "pascal_person_part"
_TEST_ONLY, _VAL_ONLY = {"val": "test"}, {"test": "val"}

# By the name of the bundled class table whose classes they have.
LAYOUTS = {
    "voc": Layout(
        "PASCAL VOC",
        "VOCdevkit/VOC2012 with JPEGImages, SegmentationClass and ImageSets/Segmentation",
        (
            Arrangement(
                "JPEGImages",
                "SegmentationClass",
                numberings.voc,
                listing="ImageSets/Segmentation/{split}.txt",
            ),
        ),
    ),
    "person_part": Layout(
        "PASCAL-Person-Part",
        "pascal_person_part_gt and pascal_person_part_trainval_list, or the folder "
        "pascal_person_part that holds both, beside JPEGImages of VOC 2010 or 2012",
        tuple(
            Arrangement(
                "JPEGImages",
                f"{inside}{_PERSON_PART}_gt",
                numberings.person_part,
                listing=f"{inside}{_PERSON_PART}_trainval_list/{{split}}.txt",
            )
            for inside in (f"{_PERSON_PART}/", "")
        ),
    ),
    "nyu40": Layout(
        "NYUDv2",
        "train_images, train_labels, val_images and val_labels; or RGB, Label, train.txt and "
        "test.txt; or train/rgb, train/labels_40, test/rgb and test/labels_40",
        (
            Arrangement(
                "{split}_images",
                "{split}_labels",
                numberings.nyu40_from_0,
                (".png", ".jpg"),
                renamed=_VAL_ONLY,
            ),
            Arrangement(
                "RGB",
                "Label",
                numberings.nyu40_from_1,
                (".jpg", ".png"),
                listing="{split}.txt",
                renamed=_TEST_ONLY,
            ),
            Arrangement(
                "{split}/rgb",
                "{split}/labels_40",
                numberings.nyu40_from_1,
                (".png", ".jpg"),
                renamed=_TEST_ONLY,
            ),
        ),
    ),
    "context": Layout(
        "PASCAL-Context",
        "VOCdevkit/VOC2010 with JPEGImages and either 59_context_labels and ImageSets/Main, or "
        "SegmentationClassContext and ImageSets/SegmentationContext",
        (
            Arrangement(
                "JPEGImages",
                "59_context_labels",
                numberings.context,
                listing="ImageSets/Main/{split}.txt",
            ),
            Arrangement(
                "JPEGImages",
                "SegmentationClassContext",
                numberings.context_by_alphabet,
                listing="ImageSets/SegmentationContext/{split}.txt",
            ),
        ),
    ),
    "cityscapes": Layout(
        "Cityscapes",
        "leftImg8bit and gtFine with train and val in each, and in gtFine *_labelIds.png",
        (
            Arrangement(
                "leftImg8bit/{split}",
                "gtFine/{split}",
                numberings.cityscapes,
                ("_leftImg8bit.png",),
                "_gtFine_labelIds.png",
            ),
        ),
    ),
}


def recognise(root: Path) -> list[str]:
    """Return the names of the layouts that a folder looks like."""
    return [
        name
        for name, layout in LAYOUTS.items()
        if any(arrangement.is_in(root) for arrangement in layout.arrangements)
    ]


def list_published(name: str, root: Path, split: str, problems: list[str]) -> list[Pair]:
    """List the pairs of a published data set, and go on where something is wrong.

    Args:
        name: One of `LAYOUTS`.
        root: The data set's folder.
        split: Which part: train, val, or what else there is a list or a folder of.
        problems: Gets a line for everything that is wrong.
    """
    layout = LAYOUTS[name]
    if not root.is_dir():
        problems.append(f"there is no folder {root}; wanted {layout.title}: {layout.wanted}")
        return []
    found = next((one for one in layout.arrangements if one.is_in(root)), None)
    if found is None:
        problems.append(_not_recognised(layout, root))
        return []
    split = found.renamed.get(split, split)
    images, masks, listing = (
        root / pattern.format(split=split) for pattern in (found.images, found.masks, found.listing)
    )
    wanted = listing if found.listing else masks
    if not wanted.exists():
        there = ", ".join(found.splits(root)) or "none"
        problems.append(
            f"{root}: {layout.title} has no part {split!r} here, there is no {wanted}; there are: "
            f"{there}"
        )
        return []
    if not images.is_dir():
        problems.append(f"there is no folder {images}; wanted {layout.title}: {layout.wanted}")
        return []
    if found.listing:
        names = _read_names(listing, problems)
    else:
        names = _names_in(images, found.image_ends)
        orphans = set(_names_in(masks, (found.mask_end,))) - set(names)
        for orphan in sorted(orphans, key=natural_order):
            problems.append(f"{masks / orphan}{found.mask_end}: has no image in {images}")
    if not names:
        problems.append(f"{listing if found.listing else images} names no images of {split!r}")
    return _pair_up(found, images, masks, names, problems)


def _pair_up(
    arrangement: Arrangement, images: Path, masks: Path, names: list[str], problems: list[str]
) -> list[Pair]:
    numbering = arrangement.numbering()
    pairs = []
    for name in names:
        candidates = [images / f"{name}{end}" for end in arrangement.image_ends]
        image = next((path for path in candidates if path.exists()), None)
        mask = masks / f"{name}{arrangement.mask_end}"
        if image is None:
            problems.append(f"{candidates[0]}: is listed, but not there")
        elif not mask.exists():
            problems.append(f"{image}: has no mask; wanted {mask}")
        else:
            pairs.append(Pair(name, image, mask, numbering))
    return pairs


def _read_names(listing: Path, problems: list[str]) -> list[str]:
    """Return the names in a list, each once; a line may hold paths, the image's first."""
    try:
        lines = listing.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{listing}: cannot be read as a list of names: {error}")
        return []
    names = {Path(line.split()[0]).stem for line in lines if line.strip()}
    return sorted(names, key=natural_order)


def _names_in(folder: Path, ends: tuple[str, ...]) -> list[str]:
    """Return what the files in a folder and the folders in it are called, without the ending."""
    found = {
        path.relative_to(folder).as_posix()[: -len(end)]
        for end in ends
        for path in folder.rglob(f"*{end}")
        if not any(map(is_hidden, (path, *path.relative_to(folder).parents)))
    }
    return sorted(found, key=natural_order)


def _not_recognised(layout: Layout, root: Path) -> str:
    looked_for = " or ".join(one.masks.format(split="train") for one in layout.arrangements)
    held = [path.name for path in listed(root)]
    told = ", ".join(held[:_TOLD]) + (", …" if len(held) > _TOLD else "")
    matlab = any(name.endswith(".mat") for name in held)
    return (
        f"{root} is not {layout.title} as distributed: there is no {looked_for} in it, but "
        f"{told or 'nothing'}; wanted {layout.wanted}"
        + ("; MATLAB files are not read, convert them to PNG" if matlab else "")
    )
