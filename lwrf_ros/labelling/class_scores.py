# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From a teacher's output tensor to a probability for each class and place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.labelling.model import OutputTensor

PLAIN = OutputTensor("")
# How far a sum of probabilities may be from 1, in steps of 1/256 a class where they are quantised.
SUM_TOLERANCE = 0.02


@dataclass(frozen=True)
class ClassScores:
    """How one output of a teacher is read.

    Attributes:
        axis: Where its classes are; None for class indices without scores.
        classes: Number of classes K, 0 where there are only indices.
        logits: Whether scores become probabilities by a softmax.
        tensor: What the output's numbers stand for.
    """

    axis: int | None
    classes: int = 0
    logits: bool = False
    tensor: OutputTensor = PLAIN

    @classmethod
    def find(
        cls,
        output: NDArray[Any],
        size: tuple[int, int],
        channels_first: bool,
        scores: str,
        tensor: OutputTensor = PLAIN,
    ) -> ClassScores | None:
        """Find out what an output is.

        Args:
            output: What it holds for some image.
            size: ``(height, width)`` of the input.
            channels_first: Whether the input has its channels before rows and columns; decides
                where the output's shape leaves a choice.
            scores: logits, probabilities, or auto to tell by the sums.
            tensor: What the output's numbers stand for.

        Returns:
            None if it is no map of classes.
        """
        shape = output.shape
        if output.dtype.kind in "iu" and not tensor.scale:
            long = [length for length in shape if length != 1]
            return cls(None) if _is_map(long, size) else None
        if output.dtype.kind not in "fiu" or len(shape) != 4 or shape[0] != 1:
            return None
        for axis in (1, 3) if channels_first else (3, 1):
            rest = [length for place, length in enumerate(shape[1:], 1) if place != axis]
            if shape[axis] > 1 and _is_map(rest, size):
                found = cls(axis, shape[axis], scores == "logits", tensor)
                if scores == "auto":
                    found = replace(found, logits=not _sums_to_one(found.planes(output, 0)))
                return found
        return None

    @property
    def indices(self) -> bool:
        """Whether the output is class indices."""
        return self.axis is None

    def planes(self, output: NDArray[Any], classes: int) -> NDArray[np.float32]:
        """Return scores, of indices 0 and 1, as ``(K, h, w) float32``.

        Args:
            output: As the network gives it.
            classes: Number of classes K of indices; those from K on belong to none.
        """
        if self.axis is None:
            labels = output.reshape([length for length in output.shape if length != 1])
            return (labels == np.arange(classes)[:, None, None]).astype(np.float32)
        # In this order: where numbers are stored in 8 bits they are moved four times as fast.
        planes = np.ascontiguousarray(np.moveaxis(output, self.axis, 1)[0])
        return self.tensor.real(planes)


def softmax(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the softmax over the first axis; `planes` is overwritten."""
    planes -= planes.max(axis=0)
    np.exp(planes, out=planes)
    planes /= planes.sum(axis=0)
    return planes


def _is_map(lengths: list[int], size: tuple[int, int]) -> bool:
    """Tell whether two lengths can be rows and columns, each the input's by the same stride."""
    if len(lengths) != 2 or min(lengths) < 2:
        return False
    strides = [own / length for own, length in zip(size, lengths, strict=True)]
    # Of 33 places at stride 16 the input may have 513 to 528.
    return abs(strides[0] / strides[1] - 1) < 2 / min(lengths)


def _sums_to_one(planes: NDArray[np.float32]) -> bool:
    tolerance = SUM_TOLERANCE + len(planes) / 512
    in_range = planes.min() >= 0.0 and planes.max() <= 1.0 + SUM_TOLERANCE
    return bool(in_range and np.abs(planes.sum(axis=0) - 1).max() < tolerance)
