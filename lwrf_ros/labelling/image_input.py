# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From pixels to a teacher's input tensor: size, proportions, range, order and layout."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.labelling.description import RANGES, Description
from lwrf_ros.labelling.errors import TeacherError
from lwrf_ros.labelling.model import InputTensor

# Neither dark nor bright, as in TensorFlow's DeepLab.
PADDING = 127


class ImageInput:
    """Makes the input tensors of a teacher.

    Args:
        tensor: What the teacher's file takes.
        description: What was said of it.

    Attributes:
        height: Rows of the input.
        width: Columns of the input.
        channels_first: Whether its channels are before rows and columns.

    Raises:
        TeacherError: If the input is no colour image, or something has to be said of it.
    """

    def __init__(self, tensor: InputTensor, description: Description) -> None:
        path, shape = description.model, tensor.shape
        # Where every axis is free it is the order of the frameworks that export so.
        self.channels_first = shape[1] == 3 or (shape[1] is None and shape[3] != 3)
        channels = shape[1 if self.channels_first else 3]
        if shape[0] not in (1, None) or channels not in (3, None) or shape[1] == shape[3] == 3:
            raise TeacherError(
                f"{path} takes {_shown(shape)}; wanted one colour image, (1, 3, height, width) or "
                "(1, height, width, 3)"
            )
        self.height, self.width = _size(shape, self.channels_first, description)
        self._tensor = tensor
        self._pad = description.fit == "pad"
        self._reverse = description.order == "bgr"
        self._normalisation = _normalisation(tensor, description)

    def fitted(self, height: int, width: int, scale: float = 1.0) -> tuple[int, int]:
        """Return the rows and columns of the input that an image takes up, the rest is padding.

        Args:
            height: Rows of the image.
            width: Columns of the image.
            scale: Makes it smaller than the input, 0 to 1.
        """
        inner = [self.height * scale, self.width * scale]
        if self._pad:
            factor = min(inner[0] / height, inner[1] / width)
            inner = [height * factor, width * factor]
        return max(1, round(inner[0])), max(1, round(inner[1]))

    def tensor(self, image: NDArray[np.uint8], scale: float = 1.0) -> NDArray[Any]:
        """Make an input, the image in its upper left corner.

        Args:
            image: ``(H, W, 3) uint8 RGB``.
            scale: As of `fitted`.
        """
        inner = self.fitted(image.shape[0], image.shape[1], scale)
        smaller = inner[0] < image.shape[0] and inner[1] < image.shape[1]
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        pixels = cv2.resize(image, inner[::-1], interpolation=how)
        right, bottom = self.width - inner[1], self.height - inner[0]
        if right or bottom:
            pixels = cv2.copyMakeBorder(
                pixels, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=(PADDING,) * 3
            )
        values: NDArray[Any] = pixels
        if self._normalisation is not None:
            mean, std = self._normalisation
            values = self._stored((pixels - mean) / std)
        if self._reverse:
            values = values[..., ::-1]
        if self.channels_first:
            values = values.transpose(2, 0, 1)
        return np.ascontiguousarray(values[None])

    def _stored(self, real: NDArray[np.float32]) -> NDArray[Any]:
        """Return real numbers as the file's input has them."""
        dtype = self._tensor.dtype
        if dtype.kind == "f":
            return real.astype(dtype)
        limits = np.iinfo(dtype)
        steps = np.rint(real / self._tensor.scale + self._tensor.zero_point)
        return np.clip(steps, limits.min, limits.max).astype(dtype)


def _size(
    shape: tuple[int | None, ...], channels_first: bool, description: Description
) -> tuple[int, int]:
    """Return rows and columns of the input, from the file or from what was said."""
    height, width = shape[2:] if channels_first else shape[1:3]
    path, size = description.model, description.size
    if size is None:
        if height is None or width is None:
            raise TeacherError(
                f"{path} takes images of any size ({_shown(shape)}); say which it was trained at, "
                "--size 512x512 for example"
            )
        return height, width
    if height not in (None, size[0]) or width not in (None, size[1]):
        raise TeacherError(
            f"{path} takes {_shown(shape)}, which {size[1]}x{size[0]} is not; leave --size out"
        )
    return size


def _normalisation(
    tensor: InputTensor, description: Description
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return mean and deviation, None for pixels that are taken as they are."""
    as_they_are = (None, RANGES["0..255"])
    if tensor.dtype == np.uint8 and description.normalisation in as_they_are:
        return None
    if description.normalisation is None:
        raise TeacherError(
            f"{description.model} takes {tensor.dtype}, and what range its pixels are to have is "
            f"not in the file; say it with --range: {', '.join(RANGES)}, or MEAN/STD"
        )
    if tensor.dtype.kind != "f" and not tensor.scale:
        raise TeacherError(
            f"{description.model} takes {tensor.dtype} that stands for no real numbers; leave "
            "--range out"
        )
    mean, std = description.normalisation
    return np.asarray(mean, np.float32), np.asarray(std, np.float32)


def _shown(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if axis is None else str(axis) for axis in shape) + ")"
