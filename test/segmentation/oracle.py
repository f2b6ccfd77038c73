# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The way of a frame written once more in NumPy, and networks whose labels can be told by hand."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor, nn

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.network import RefineNet

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def class_table(count: int) -> ClassTable:
    """Return a table with as many classes, grey in different shades."""
    shades = np.repeat(np.arange(count, dtype=np.uint8)[:, None], 3, axis=1)
    return ClassTable(f"test{count}", tuple(f"class{k}" for k in range(count)), shades)


class StrongestChannel(nn.Module):
    """Three classes: red, green or blue, whichever is strongest in a cell of 4x4 pixels.

    A pure colour has the logits (ln 6, 0, 0), so its probability is 6 / 8.
    """

    num_classes = 3
    mean = (0.0, 0.0, 0.0)
    std = (1.0, 1.0, 1.0)
    input_size: tuple[int, int] | None = None
    temperature = 1.0
    pure_confidence = 191  # round(255 * 0.75)

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(6.0).log())
        self.sizes: list[tuple[int, ...]] = []

    def __deepcopy__(self, memo: object) -> StrongestChannel:
        """Stay the same object, so that a test sees what its segmenter's copy was given."""
        return self

    def forward(self, image: Tensor) -> Tensor:
        self.sizes.append(tuple(image.shape))
        return F.avg_pool2d(image, 4, ceil_mode=True) * self.gain


def painted(
    *colours: tuple[int, int, int], height: int = 40, stripe: int = 32
) -> NDArray[np.uint8]:
    """Return an image of vertical stripes, each 32 pixels wide."""
    row = np.repeat(np.array(colours, dtype=np.uint8), stripe, axis=0)
    return np.tile(row, (height, 1, 1))


class Wanted(NamedTuple):
    """What the oracle says of an image.

    Attributes:
        labels: ``(H, W) uint8``.
        probability: ``(H, W) float64`` of the label.
        sure: ``(H, W) bool``, where the best two classes are so far apart that rounding cannot
            exchange them.
    """

    labels: NDArray[np.uint8]
    probability: NDArray[np.float64]
    sure: NDArray[np.bool_]


def stretched(maps: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Stretch ``(C, h, w)`` maps bilinearly, pixel centres at halves, edges repeated."""
    for axis, length in ((1, size[0]), (2, size[1])):
        have = maps.shape[axis]
        at = np.clip((np.arange(length) + 0.5) * have / length - 0.5, 0, have - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, have - 1)
        part = (at - low).reshape((-1, 1) if axis == 1 else (-1,))
        maps = maps.take(low, axis) * (1 - part) + maps.take(high, axis) * part
    return maps


def label(
    network: RefineNet, image: NDArray[np.uint8], input_size: tuple[int, int] | None = None
) -> Wanted:
    """Label an ``(H, W, 3) uint8 RGB`` image in float64, but for the network itself."""
    x = image.astype(np.float64)
    if input_size is not None:
        height, width = input_size
        x = cv2.resize(x, (width, height), interpolation=cv2.INTER_LINEAR)
    x = (x / 255 - np.array(network.mean)) / np.array(network.std)
    with torch.inference_mode():
        logits = network(torch.from_numpy(x.transpose(2, 0, 1)[None].astype(np.float32)))[0]
    scores = stretched(logits.numpy().astype(np.float64), image.shape[:2])
    odds = np.exp(scores - scores.max(axis=0))
    second, first = np.sort(scores, axis=0)[-2:]
    return Wanted(
        scores.argmax(axis=0).astype(np.uint8),
        1 / odds.sum(axis=0),
        first - second > 1e-4 * np.abs(scores).max(),
    )
