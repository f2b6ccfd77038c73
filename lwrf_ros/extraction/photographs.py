# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The images of a folder, which keep their names and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.datasets.names import IMAGE_SUFFIXES, name_of
from lwrf_ros.datasets.pair import DatasetError, read_image, refuse_truncated_jpeg
from lwrf_ros.extraction.frame_choice import FrameChoice
from lwrf_ros.extraction.frame_counts import Account
from lwrf_ros.extraction.selection import Selection
from lwrf_ros.labelling.errors import LabelError
from lwrf_ros.recordings.folder import list_images
from lwrf_ros.recordings.opening import refuse_topic
from lwrf_ros.terminal.progress import progress_bar


class Photographs:
    """The images of a folder, or of the folder ``images`` of a data set.

    Args:
        choice: The folder, and which of its images.

    Attributes:
        folder: Where the images are.

    Raises:
        FrameError: If there is no image, or a topic was named.
        LwrfError: If two images have the same name but for the suffix, or what was asked for does
            not go with photographs.
    """

    def __init__(self, choice: FrameChoice) -> None:
        refuse_topic(choice.input, choice.bag_topic)
        choice.check_times(has_stamps=False)
        if choice.jpeg_quality is not None:
            raise LabelError(
                f"{choice.input} is a folder of images, which are copied as they are; leave --jpeg "
                "out"
            )
        self.folder = choice.input
        inside = choice.input / "images"
        if inside.is_dir() and not list_images(choice.input):
            self.folder = inside
        self._choice = choice
        self._files: dict[str, Path] = {}
        for file in list_images(self.folder, required=True):
            other = self._files.setdefault(name_of(file), file)
            if other != file:
                raise LabelError(
                    f"{file} is called like {other.name}, and their masks would be too; rename "
                    "one of them"
                )

    def chosen(
        self, account: Account, is_done: Callable[[str], bool]
    ) -> Iterator[tuple[str, Path, NDArray[np.uint8] | None]]:
        """Read the images.

        Args:
            account: As of `chosen_pictures`.
            is_done: Tells by name whether nothing is left to do for an image; then it is not read
                unless it is compared with others.

        Yields:
            The name of an image, its file, and ``(H, W, 3) uint8 RGB`` or None.
        """
        choice = self._choice
        selection = Selection(choice.every, different=choice.different)
        doing = f"labelling {self.folder.name}/"
        with progress_bar(doing, len(self._files), in_logs=True, unit="image") as bar:
            for index, (name, file) in enumerate(self._files.items()):
                account.read += 1
                bar.update()
                if not selection.is_due(index, 0):
                    account.skipped += 1
                    continue
                if choice.different is None and is_done(name):
                    yield name, file, None
                else:
                    try:
                        image = read_image(file)
                        refuse_truncated_jpeg(file)
                    except DatasetError:
                        account.refused["decode"] += 1
                        continue
                    if not selection.is_new(image):
                        account.alike += 1
                        continue
                    yield name, file, image
                if account.images == choice.max_frames:
                    break


def can_be_copied(file: Path) -> bool:
    """Tell whether training reads a file as it is."""
    return file.suffix.lower() in IMAGE_SUFFIXES
