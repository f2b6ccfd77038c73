# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The images of a folder as the frames of a camera."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lwrf_ros.files import listed
from lwrf_ros.images.photograph import decode_photograph
from lwrf_ros.images.picture import Refusal
from lwrf_ros.input_file import refuse_special
from lwrf_ros.recordings.frame import DamagedImage, Frame, FrameError, FrameSource, RawImage
from lwrf_ros.recordings.video import FRAME_ID, bgr_image

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
FOLDER_RATE_HZ = 10.0


class FolderFrames(FrameSource):
    """The images of a folder in natural order (frame_2 before frame_10), at ten a second."""

    compressed = False
    has_stamps = False

    def __init__(self, path: Path) -> None:
        """List the folder.

        Args:
            path: The folder; its subfolders are not entered.

        Raises:
            FrameError: It holds no image.
        """
        self._files = list_images(path, required=True)
        self.description = f"{path.name}/"
        self.count = len(self._files)
        self.rate_hz = FOLDER_RATE_HZ

    def __iter__(self) -> Iterator[Frame]:
        """Decode the images one by one; one that cannot be decoded comes as a damaged one."""
        for index, file in enumerate(self._files):
            refuse_special(file, "the image", FrameError)
            image: RawImage | DamagedImage
            try:
                image = bgr_image(decode_photograph(file.read_bytes()))
            except Refusal as refusal:
                image = DamagedImage(refusal.reason, f"{file}: {refusal}")
            except OSError as error:
                image = DamagedImage("unreadable", f"{file}: {error.strerror}")
            time_ns = round(index * 1e9 / FOLDER_RATE_HZ)
            yield Frame(time_ns, time_ns, FRAME_ID, image)


def list_images(folder: Path, required: bool = False) -> list[Path]:
    """List the images of a folder in natural order; its subfolders are not entered.

    Raises:
        FrameError: If there is none but one is required.
    """
    files = [path for path in listed(folder) if path.suffix.lower() in IMAGE_SUFFIXES]
    if required and not files:
        raise FrameError(
            f"the folder {folder} has neither a metadata.yaml (then it would be a bag) nor an "
            f"image ({', '.join(IMAGE_SUFFIXES)}); give a folder with at least one"
        )
    return files
