# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The images of a folder as the frames of a camera."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from lwrf_ros.files import listed
from lwrf_ros.input_file import refuse_special
from lwrf_ros.recordings.faults import Faults
from lwrf_ros.recordings.frame import CompressedImage, Frame, FrameError, FrameSource, RawImage
from lwrf_ros.recordings.video import FRAME_ID, bgr_image

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
FOLDER_RATE_HZ = 10.0


class FolderFrames(FrameSource):
    """The images of a folder in natural order (frame_2 before frame_10), at ten a second."""

    compressed = False
    has_stamps = False

    def __init__(self, path: Path, faults: Faults | None = None) -> None:
        """List the folder.

        Args:
            path: The folder; its subfolders are not entered.
            faults: None makes an image that cannot be read the end; else its bytes are given as
                they are, for whoever decodes them to refuse.

        Raises:
            FrameError: It holds no image.
        """
        self._faults = faults
        self._files = list_images(path, required=True)
        self.description = f"{path.name}/"
        self.count = len(self._files)
        self.rate_hz = FOLDER_RATE_HZ

    def __iter__(self) -> Iterator[Frame]:
        """Decode the images one by one."""
        for index, file in enumerate(self._files):
            refuse_special(file, "the image", FrameError)
            pixels = cv2.imread(str(file), cv2.IMREAD_COLOR)
            image: RawImage | CompressedImage
            if pixels is not None:
                image = bgr_image(pixels)
            elif self._faults is not None:
                data = np.frombuffer(file.read_bytes(), dtype=np.uint8)
                image = CompressedImage(file.suffix.lstrip("."), data)
            else:
                raise FrameError(f"{file} is not an image that OpenCV can read; mend or remove it")
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
