# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Tiny folders in the layouts in which the paper's data sets are distributed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = (32, 48)  # height and width in pixels
# By name: the values of the mask's file.
Masks = Mapping[str, NDArray[np.uint8]]


def stripes(*values: int) -> NDArray[np.uint8]:
    """Make a mask of vertical bands, one a value."""
    edges = np.linspace(0, SIZE[1], len(values) + 1).astype(int)
    mask = np.empty(SIZE, np.uint8)
    for value, first, end in zip(values, edges[:-1], edges[1:], strict=True):
        mask[:, first:end] = value
    return mask


def write_image(path: Path) -> Path:
    """Write a picture; another path, another picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(len(path.name) + sum(path.name.encode()))
    Image.fromarray(random.integers(0, 256, (*SIZE, 3), dtype=np.uint8)).save(path)
    return path


def write_mask(path: Path, values: NDArray[np.uint8], palette: bool = False) -> Path:
    """Write a mask, with a palette as PASCAL's have one or without."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = Image.fromarray(values)
    if palette:
        mask.putpalette([part for k in range(256) for part in (k, 255 - k, 7)])
    mask.save(path)
    return path


def _listed(
    root: Path, images: str, masks: str, listing: str, content: Masks, palette: bool = False
) -> Path:
    for name, values in content.items():
        write_image(root / images / f"{name}.jpg")
        write_mask(root / masks / f"{name}.png", values, palette)
    (root / listing).parent.mkdir(parents=True, exist_ok=True)
    (root / listing).write_text("".join(f"{name}\n" for name in content))
    return root


def voc(root: Path, content: Masks, split: str = "val") -> Path:
    """PASCAL VOC as the development kit unpacks."""
    listing = f"ImageSets/Segmentation/{split}.txt"
    return _listed(root, "JPEGImages", "SegmentationClass", listing, content, palette=True)


def context(root: Path, content: Masks, split: str = "val") -> Path:
    """PASCAL-Context: the 59 labels' PNG in the folder of VOC 2010."""
    listing = f"ImageSets/Main/{split}.txt"
    return _listed(root, "JPEGImages", "59_context_labels", listing, content)


def context_converted(root: Path, content: Masks, split: str = "val") -> Path:
    """PASCAL-Context as MMSegmentation's converter writes it."""
    listing = f"ImageSets/SegmentationContext/{split}.txt"
    return _listed(root, "JPEGImages", "SegmentationClassContext", listing, content)


def person_part(root: Path, content: Masks, split: str = "val", inside: str = "") -> Path:
    """PASCAL-Person-Part: PNG and lists, whose lines name an image and a mask by path."""
    part = f"{inside}pascal_person_part"
    listing = f"{part}_trainval_list/{split}.txt"
    _listed(root, "JPEGImages", f"{part}_gt", listing, content, palette=True)
    (root / listing).write_text(
        "".join(f"/JPEGImages/{name}.jpg /SegmentationPart/{name}.png\n" for name in content)
    )
    return root


def nyu_of_the_authors(root: Path, content: Masks, split: str = "val") -> Path:
    """NYUDv2 as the paper's authors distribute it: from 0, with a palette."""
    for name, values in content.items():
        write_image(root / f"{split}_images" / f"{name}.png")
        write_mask(root / f"{split}_labels" / f"{name}.png", values, palette=True)
    return root


def nyu_rgb_label(root: Path, content: Masks, split: str = "test") -> Path:
    """NYUDv2 with RGB, Label and lists: from 1."""
    return _listed(root, "RGB", "Label", f"{split}.txt", content)


def nyu_labels_40(root: Path, content: Masks, split: str = "test") -> Path:
    """NYUDv2 with folders of each part: from 1."""
    for name, values in content.items():
        write_image(root / split / "rgb" / f"{name}.png")
        write_mask(root / split / "labels_40" / f"{name}.png", values)
    return root


def cityscapes(root: Path, content: Masks, split: str = "val") -> Path:
    """Cityscapes; names are CITY/CITY_SEQUENCE_FRAME. Other annotations lie beside the ids."""
    for name, values in content.items():
        write_image(root / "leftImg8bit" / split / f"{name}_leftImg8bit.png")
        write_mask(root / "gtFine" / split / f"{name}_gtFine_labelIds.png", values)
        write_image(root / "gtFine" / split / f"{name}_gtFine_color.png")
        (root / "gtFine" / split / f"{name}_gtFine_polygons.json").write_text("{}")
    return root


# What each layout's writer is called in the tests, the class table, and one that writes it.
WRITERS: dict[str, tuple[str, Callable[[Path, Masks], Path]]] = {
    "voc": ("voc", voc),
    "person_part": ("person_part", person_part),
    "context": ("context", context),
    "context_converted": ("context", context_converted),
    "nyu_of_the_authors": ("nyu40", nyu_of_the_authors),
    "nyu_rgb_label": ("nyu40", nyu_rgb_label),
    "nyu_labels_40": ("nyu40", nyu_labels_40),
    "cityscapes": ("cityscapes", cityscapes),
}
