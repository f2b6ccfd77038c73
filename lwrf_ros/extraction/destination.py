# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The data set that is written into: every file whole or not there, and none ever replaced."""

from __future__ import annotations

import io
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
from PIL import Image

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.names import MASK_SUFFIX, find_images, find_masks, name_of
from lwrf_ros.errors import LwrfError
from lwrf_ros.files import replace_file
from lwrf_ros.images.orientation import ORIENTATION_TAG, TURNS, UPRIGHT, orientation_of
from lwrf_ros.labelling.probability_file import FOLDER as PROBABILITIES
from lwrf_ros.labelling.probability_file import SUFFIX as PROBABILITIES_SUFFIX
from lwrf_ros.labelling.probability_file import encode_probabilities

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class ExtractError(LwrfError):
    """A recording cannot be extracted as asked."""


class Target:
    """A folder in the layout that training reads.

    Nothing is made before there is something to write.

    Args:
        folder: The data set's folder.
        jpeg_quality: 1 to 100 for JPEG images, None for PNG.

    Raises:
        ExtractError: If there is a file where a folder is wanted.
    """

    def __init__(self, folder: Path, jpeg_quality: int | None = None) -> None:
        self._images, self._masks = folder / "images", folder / "masks"
        self._probabilities = folder / PROBABILITIES
        self._classes = folder / "classes.yaml"
        if jpeg_quality is None:
            self._suffix, self._options = ".png", []
        else:
            self._suffix, self._options = ".jpg", [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality]
        for path in (folder, self._images, self._masks, self._probabilities):
            if path.exists() and not path.is_dir():
                raise ExtractError(f"{path} is a file; wanted a folder to write into (-o)")

    def check_input(self, recording: Path) -> None:
        """Refuse to read images where they would be written.

        Raises:
            ExtractError: If the recording is the folder of images itself.
        """
        if self.has_images_in(recording):
            raise ExtractError(
                f"{recording} is the folder that the images would be written into; give another "
                "folder as -o"
            )

    def has_images_in(self, folder: Path) -> bool:
        """Tell whether a folder is the one that its images are in."""
        return folder.resolve() == self._images.resolve()

    def check_classes(self, table: ClassTable) -> None:
        """Refuse to add masks of other classes than those that are there.

        Raises:
            ExtractError: If the folder's class table has other names than `table`.
        """
        if not self._classes.exists():
            return
        there = ClassTable.load(self._classes).names
        if there != table.names:
            raise ExtractError(
                f"the masks in {self._masks.parent} have the classes {', '.join(there)} "
                f"(classes.yaml), those of {table.name} are {', '.join(table.names)}; choose a "
                f"network for those, with --classes {self._classes}, or another folder"
            )

    def image_of(self, name: str) -> Path | None:
        """Return the image of a name in whatever format, None if there is none."""
        return self._there.get(name)

    def has_mask(self, name: str) -> bool:
        """Tell whether an image has a mask, however a labelling tool named it."""
        return name in self._masked or self._mask(name).exists()

    def write_image(self, name: str, pixels_bgr: npt.NDArray[np.uint8]) -> None:
        """Write ``(H, W, 3) uint8 BGR``, or ``(H, W) uint8`` grey."""
        _, data = cv2.imencode(self._suffix, pixels_bgr, self._options)
        self._store_image(self._images / f"{name}{self._suffix}", data.tobytes())

    def copy_image(self, name: str, file: Path) -> None:
        """Write an image as it is in a file."""
        self._store_image(self._images / f"{name}{file.suffix.lower()}", file.read_bytes())

    def has_probabilities(self, name: str) -> bool:
        """Tell whether there are probabilities of that name."""
        return self._probability(name).exists()

    def write_probabilities(self, name: str, probabilities: npt.NDArray[np.uint8]) -> None:
        """Write ``(C, h, w) uint8`` probabilities, as of `encode_probabilities`."""
        _store(self._probability(name), encode_probabilities(probabilities))

    def write_mask(self, name: str, labels: npt.NDArray[np.uint8], classes: str) -> None:
        """Write ``(H, W) uint8`` class indices, and beside the first mask its class table.

        The labels lie on the image as it is displayed: where EXIF turns the image, the mask says
        that it is upright.
        """
        if not self._classes.exists():
            _store(self._classes, classes.encode())
        image = self.image_of(name)
        is_turned = image is not None and orientation_of(image.read_bytes()) in TURNS
        _store(self._mask(name), _encode_mask(labels, is_turned))

    @cached_property
    def _there(self) -> dict[str, Path]:
        """The images by name."""
        return find_images(self._images, []) if self._images.is_dir() else {}

    @cached_property
    def _masked(self) -> frozenset[str]:
        """The images that had a mask when the first was asked for."""
        found = find_masks(self._masks, self._there, []) if self._masks.is_dir() else {}
        return frozenset(found)

    def _store_image(self, path: Path, data: bytes) -> None:
        _store(path, data)
        self._there[name_of(path)] = path

    def _mask(self, name: str) -> Path:
        return self._masks / f"{name}{MASK_SUFFIX}"

    def _probability(self, name: str) -> Path:
        return self._probabilities / f"{name}{PROBABILITIES_SUFFIX}"


def _encode_mask(labels: npt.NDArray[np.uint8], says_upright: bool) -> bytes:
    """Return the bytes of a PNG, with an orientation in its EXIF or without."""
    if not says_upright:
        _, data = cv2.imencode(MASK_SUFFIX, labels)
        return data.tobytes()
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = UPRIGHT
    file = io.BytesIO()
    Image.fromarray(labels).save(file, "PNG", exif=exif)
    return file.getvalue()


def _store(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data, sync=False)
    except OSError as error:
        raise ExtractError(
            f"cannot write {path}: {error.strerror}; free space, or give a folder that can be "
            "written to (-o)"
        ) from error
