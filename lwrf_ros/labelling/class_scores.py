# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From a teacher's output tensor to a probability for each class and place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.labelling.errors import TeacherError
from lwrf_ros.labelling.model import OutputTensor

PLAIN = OutputTensor("")
# How far a sum of probabilities may be from 1, in steps of 1/256 a class where they are quantised.
SUM_TOLERANCE = 0.02


@dataclass(frozen=True)
class ClassScores:
    """How one output of a teacher is read.

    Attributes:
        axis: Where its classes are; None for class indices without scores, and for one map of
            scores.
        classes: Number of classes K, 0 where there are only indices; 2 for one map of scores: 0 is
            everything else, 1 what the map is of.
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

        Raises:
            TeacherError: If auto cannot tell what the scores are.
        """
        shape = output.shape
        if output.dtype.kind in "iu" and not tensor.scale:
            long = [length for length in shape if length != 1]
            return cls(None) if _is_map(long, size) else None
        if output.dtype.kind not in "fiu":
            return None
        found = cls._axis(shape, size, channels_first, tensor)
        if found is None or scores != "auto":
            return found and replace(found, logits=scores == "logits")
        return replace(found, logits=_are_logits(found._scores(output)))

    @classmethod
    def _axis(
        cls,
        shape: tuple[int, ...],
        size: tuple[int, int],
        channels_first: bool,
        tensor: OutputTensor,
    ) -> ClassScores | None:
        """Find where in a shape the classes are."""
        if len(shape) == 4 and shape[0] == 1:
            for axis in (1, 3) if channels_first else (3, 1):
                rest = [length for place, length in enumerate(shape[1:], 1) if place != axis]
                if shape[axis] > 1 and _is_map(rest, size):
                    return cls(axis, shape[axis], tensor=tensor)
        if _is_map([length for length in shape if length != 1], size):
            return cls(None, 2, tensor=tensor)
        return None

    @property
    def indices(self) -> bool:
        """Whether the output is class indices."""
        return not self.classes

    def planes(self, output: NDArray[Any], classes: int) -> NDArray[np.float32]:
        """Return scores, of indices 0 and 1, as ``(K, h, w) float32``.

        Args:
            output: As the network gives it.
            classes: Number of classes K of indices; those from K on belong to none.
        """
        if self.indices:
            return (_squeezed(output) == np.arange(classes)[:, None, None]).astype(np.float32)
        scores = self._scores(output)
        if self.axis is None:
            # The softmax of 0 and x is the sigmoid of x.
            rest = np.zeros_like(scores) if self.logits else 1 - scores
            return np.concatenate([rest, scores])
        if not self.logits:  # classes that are found one by one may sum up to more than 1
            scores = scores / np.maximum(scores.sum(axis=0), 1)
        return scores

    def _scores(self, output: NDArray[Any]) -> NDArray[np.float32]:
        """Return the scores that are in an output, as ``(classes or 1, h, w) float32``."""
        if self.axis is None:
            return self.tensor.real(_squeezed(output)[None])
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


def _squeezed(output: NDArray[Any]) -> NDArray[Any]:
    return output.reshape([length for length in output.shape if length != 1])


def _are_logits(scores: NDArray[np.float32]) -> bool:
    """Tell logits from probabilities, of ``(K, h, w)`` scores; one map is of one class.

    Raises:
        TeacherError: If they may be either.
    """
    low, high = float(scores.min()), float(scores.max())
    within = low >= 0.0 and high <= 1.0 + SUM_TOLERANCE
    if len(scores) == 1:
        if within:
            return False
        raise TeacherError(
            f"the network gives one map, of {low:.3g} to {high:.3g}; if these are the logits of a "
            "class, say --scores logits; if not, it is no map of classes"
        )
    tolerance = SUM_TOLERANCE + len(scores) / 512
    if within and np.abs(scores.sum(axis=0) - 1).max() >= tolerance:
        raise TeacherError(
            f"the network's scores are of {low:.3g} to {high:.3g} but do not sum up to 1; say "
            "--scores probabilities if each class is found by itself, else --scores logits"
        )
    return not within
