# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A network in a file, whatever runs it: one image tensor in, tensors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.labelling.errors import TeacherError
from lwrf_ros.optional import import_optional


@dataclass(frozen=True)
class InputTensor:
    """A network's input tensor.

    Attributes:
        name: Its name in the file.
        shape: Its four axes, None where any length is taken.
        dtype: Its numbers' type.
        scale: Of quantised numbers, real value = (number - zero_point) * scale; 0 where they are
            not quantised.
        zero_point: See `scale`.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]
    scale: float = 0.0
    zero_point: int = 0


@dataclass(frozen=True)
class OutputTensor:
    """A network's output tensor.

    Attributes:
        name: Its name in the file.
        scale: As of `InputTensor`.
        zero_point: As of `InputTensor`.
    """

    name: str
    scale: float = 0.0
    zero_point: int = 0

    def real(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return the real numbers that values stand for, of the same shape."""
        if not self.scale:
            return np.asarray(values, dtype=np.float32)
        if values.dtype == np.uint8:
            # Several times faster than to compute each.
            steps = np.arange(256, dtype=np.float32) - np.float32(self.zero_point)
            flat = np.ascontiguousarray(values).reshape(len(values), -1)
            real: NDArray[Any] = cv2.LUT(flat, steps * np.float32(self.scale))
            return real.reshape(values.shape)
        return (values.astype(np.float32) - self.zero_point) * np.float32(self.scale)


class Model(ABC):
    """A network that is ready to run.

    Attributes:
        path: Its file.
        input: The tensor that it takes.
        outputs: The tensors that it gives.
    """

    path: Path
    input: InputTensor
    outputs: tuple[OutputTensor, ...]

    @abstractmethod
    def run(self, tensor: NDArray[Any]) -> list[NDArray[Any]]:
        """Run it.

        Args:
            tensor: The input, of the type and the fixed axes of `input`.

        Returns:
            One array for each of `outputs`, as they are stored; `OutputTensor.real` says what
            they stand for.

        Raises:
            TeacherError: If the network refuses the tensor.
        """


def require(module: str, package: str, path: Path) -> ModuleType:
    """Import what runs a file.

    Raises:
        TeacherError: If it is not installed.
    """
    try:
        return import_optional(module)
    except ImportError as error:
        raise TeacherError(
            f"{path} needs the Python package {package}, which cannot be imported ({error}); "
            "install what lwrf label needs: pip install 'lwrf_ros[label]'"
        ) from error


def check_image_input(path: Path, found: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Check that a network takes one image.

    Args:
        path: Its file, for messages.
        found: Name and shape of each of its inputs.

    Raises:
        TeacherError: If it does not.
    """
    if len(found) != 1 or len(found[0][1]) != 4:
        listed = ", ".join(f"{name} {list(shape)}" for name, shape in found) or "none"
        raise TeacherError(
            f"{path} has the inputs {listed}; wanted one with four axes: an image as (1, 3, "
            "height, width) or (1, height, width, 3)"
        )
