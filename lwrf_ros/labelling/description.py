# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Description of a teacher, as far as its file does not contain it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from lwrf_ros.labelling.errors import LabelError

# Mean and deviation, of pixels from 0 to 255, that make them the numbers that a network wants.
Normalisation = tuple[tuple[float, float, float], tuple[float, float, float]]
RANGES: dict[str, Normalisation] = {
    "0..255": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "0..1": ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
    "+-1": ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
}
ORDERS = ("rgb", "bgr")
FITS = ("stretch", "pad")
SCORES = ("auto", "logits", "probabilities")


@dataclass(frozen=True)
class Description:
    """How a teacher wants its images, and how what it gives is to be read.

    Attributes:
        model: Its ONNX or TensorFlow Lite file.
        normalisation: Mean that is subtracted from the pixels (0 to 255) and deviation that they
            are divided by then, each for red, green and blue; None where the file's input is uint8
            and takes them as they are.
        order: Of the channels: rgb or bgr.
        fit: stretch makes the image the size of the input, pad keeps its proportions.
        size: ``(height, width)`` where the file takes any, None for the file's.
        output: Name or number of the output, None for the first that is a map of classes.
        scores: logits, probabilities, or auto to tell by their values.
        mapping: Bundled name or path of a mapping, None where the teacher's classes are one's own.
        weight: How much it counts beside other teachers.
    """

    model: Path
    normalisation: Normalisation | None = None
    order: str = "rgb"
    fit: str = "stretch"
    size: tuple[int, int] | None = None
    output: str | None = None
    scores: str = "auto"
    mapping: str | None = None
    weight: float = 1.0


def read_normalisation(text: str) -> Normalisation:
    """Read the name of a range, or ``MEAN/STD`` with three numbers each for red, green and blue.

    Raises:
        LabelError: If it is neither.
    """
    if text in RANGES:
        return RANGES[text]
    parts = [part.split(",") for part in text.split("/")]
    try:
        mean, std = (tuple(float(number) for number in part) for part in parts)
    except ValueError:
        mean = std = ()
    if len(mean) != 3 or len(std) != 3 or not all(map(math.isfinite, mean + std)) or min(std) <= 0:
        raise LabelError(
            f"the range is {text!r}; wanted {', '.join(RANGES)}, or R,G,B/R,G,B: the mean and the "
            "deviation, above 0, of pixels from 0 to 255"
        )
    return mean, std
