# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Ordinary ways to do on a CPU what comes before and after the network; peers get the fastest.

Every way gives the same: the camera's image stretched to the network's input and normalised; logits
interpolated to the camera's size (bilinear, half-pixel centres), labels, and coverage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lwrf_ros.experiments.benchmark.case import Setting
from lwrf_ros.experiments.benchmark.peers.peer import Answer

# ``(H, W, 3) uint8`` RGB image and ``(3, h, w) float32`` to fill.
Preprocess = Callable[[NDArray[np.uint8], NDArray[np.float32]], None]
# ``(C, h, w) float32`` logits to ``(H, W) uint8`` labels.
Tail = Callable[[NDArray[np.float32]], NDArray[np.uint8]]


class Around:
    """The fastest ordinary pre- and postprocessing for a setting, with buffers that are reused."""

    def __init__(self, setting: Setting) -> None:
        case = setting.case
        cv2.setNumThreads(case.threads)
        self._preprocess = PREPROCESS[setting.preprocess](setting)
        self._tail = TAILS[setting.tail](setting)
        self._num_classes = setting.num_classes
        self.batch = np.empty((case.batch, 3, *case.input_size), np.float32)
        self.words = f"around it OpenCV: {setting.preprocess}, {setting.tail}"

    def before(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Fill and return the network's input ``(N, 3, h, w)``."""
        for image, slot in zip(images, self.batch, strict=True):
            self._preprocess(image, slot)
        return self.batch

    def after(self, logits: NDArray[np.float32]) -> list[Answer]:
        """Turn logits ``(N, C, h, w)`` into answers."""
        return [self._answer(self._tail(scores)) for scores in logits]

    def _answer(self, labels: NDArray[np.uint8]) -> Answer:
        # Three times as fast as numpy.bincount, which makes int64 of the labels first.
        counts = cv2.calcHist([labels], [0], None, [256], [0, 256]).ravel()[: self._num_classes]
        return Answer(labels, counts.astype(np.float64) / labels.size)


def _table(setting: Setting) -> NDArray[np.float32]:
    """Normalised value of every byte, ``(256, 3)``."""
    mean, std = np.array(setting.mean), np.array(setting.std)
    table: NDArray[np.float32] = ((np.arange(256)[:, None] / 255 - mean) / std).astype(np.float32)
    return table


def _lut_planes(setting: Setting) -> Preprocess:
    """Resize bytes, split into planes, look each plane's bytes up in a table of floats."""
    size = setting.case.input_size[::-1]
    tables = [np.ascontiguousarray(column) for column in _table(setting).T]

    def run(image: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        planes = cv2.split(cv2.resize(image, size))
        for plane, table, target in zip(planes, tables, out, strict=True):
            cv2.LUT(plane, table, target)

    return run


def _blob(setting: Setting) -> Preprocess:
    """Resize bytes, then OpenCV's own blobFromImage with a factor for each channel."""
    size = setting.case.input_size[::-1]
    parameters = cv2.dnn.Image2BlobParams()
    parameters.scalefactor = [1 / (255 * value) for value in setting.std]
    parameters.mean = [255 * value for value in setting.mean]

    def run(image: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        out[...] = cv2.dnn.blobFromImageWithParams(cv2.resize(image, size), parameters)[0]

    return run


def _numpy(setting: Setting) -> Preprocess:
    """Resize bytes, multiply and add in NumPy, transpose."""
    size = setting.case.input_size[::-1]
    scale = (1 / (255 * np.array(setting.std))).astype(np.float32)
    offset = (-np.array(setting.mean) / np.array(setting.std)).astype(np.float32)

    def run(image: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        values = cv2.resize(image, size).astype(np.float32)
        values *= scale
        values += offset
        out[...] = values.transpose(2, 0, 1)

    return run


def _class_planes(setting: Setting) -> Tail:
    """Resize class by class and keep the running maximum and its class; no (C, H, W) array."""
    height, width = setting.case.image_size
    fills = [np.full((height, width), index, np.uint8) for index in range(setting.num_classes)]
    best, plane = (np.empty((height, width), np.float32) for _ in range(2))
    better = np.empty((height, width), np.uint8)

    def run(logits: NDArray[np.float32]) -> NDArray[np.uint8]:
        labels = np.zeros((height, width), np.uint8)
        cv2.resize(logits[0], (width, height), dst=best)
        for scores, fill in zip(logits[1:], fills[1:], strict=True):
            cv2.resize(scores, (width, height), dst=plane)
            cv2.compare(plane, best, cv2.CMP_GT, dst=better)
            cv2.max(plane, best, dst=best)
            cv2.copyTo(fill, better, labels)
        return labels

    return run


def _pixels(setting: Setting) -> Tail:
    """Resize all classes at once with the classes last, argmax in NumPy."""
    height, width = setting.case.image_size

    def run(logits: NDArray[np.float32]) -> NDArray[np.uint8]:
        scores = cv2.resize(np.ascontiguousarray(logits.transpose(1, 2, 0)), (width, height))
        return scores.reshape(height, width, -1).argmax(axis=2).astype(np.uint8)

    return run


PREPROCESS: dict[str, Callable[[Setting], Preprocess]] = {
    "resize, table by plane": _lut_planes,
    "resize, blobFromImage": _blob,
    "resize, NumPy": _numpy,
}
TAILS: dict[str, Callable[[Setting], Tail]] = {
    "resize and maximum by class": _class_planes,
    "resize all, argmax": _pixels,
}
