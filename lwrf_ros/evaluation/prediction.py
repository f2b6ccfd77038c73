# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Two ways from an image to labels and confidence: the node's own, and the average of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.evaluation.calibration import upsample
from lwrf_ros.segmentation import Segmenter


class Prediction(NamedTuple):
    """The prediction for one image.

    Attributes:
        labels: ``(H, W) uint8`` class indices, 255 for unlabelled.
        confidence: ``(H, W) uint8``, the label's probability, 0..255 for 0..1.
    """

    labels: NDArray[np.uint8]
    confidence: NDArray[np.uint8]


# From an image, ``(H, W, 3) uint8`` RGB.
Predict = Callable[[NDArray[np.uint8]], Prediction]


def as_the_node_does(segmenter: Segmenter, min_confidence: float = 0.0) -> Predict:
    """Predict by `Segmenter.segment`, one image at a time.

    Args:
        segmenter: The engine.
        min_confidence: Least probability 0..1 that a label needs.
    """

    def predict(image: NDArray[np.uint8]) -> Prediction:
        (result,) = segmenter.segment([image], "rgb8", ("labels", "confidence"), min_confidence)
        assert result.labels is not None  # asked for
        assert result.confidence is not None
        return Prediction(result.labels, result.confidence)

    return predict


def averaged(
    segmenter: Segmenter,
    temperature: float,
    scales: Sequence[float],
    flip: bool,
    min_confidence: float = 0.0,
) -> Predict:
    """Predict by the mean of the class probabilities at several sizes (the paper's msc).

    Preprocessing, network and precision are the engine's. Each size's logits go straight to the
    image's size and through the softmax there; the probabilities are averaged.

    Args:
        segmenter: The engine.
        temperature: The network's, by which logits are divided before the softmax.
        scales: Sizes of the network's input, as multiples of the engine's input size (of the
            image's own where it has none).
        flip: Whether to add the mirrored image at every size.
        min_confidence: Least probability 0..1 that a label needs.
    """
    views = [(scale, mirrored) for scale in scales for mirrored in ((False, True)[: 1 + flip])]

    def predict(image: NDArray[np.uint8]) -> Prediction:
        height, width = image.shape[:2]
        base = segmenter.input_size or (height, width)
        # float64: rounding must not turn close logits into equal probabilities.
        total = torch.zeros(len(segmenter.classes), height, width, dtype=torch.float64)
        for scale, mirrored in views:
            size = (round(scale * base[0]), round(scale * base[1]))
            logits = segmenter.logits(image[:, ::-1] if mirrored else image, size=size)
            if mirrored:
                logits = np.ascontiguousarray(logits[:, :, ::-1])
            scores = upsample(logits, (height, width)).double()
            total += torch.softmax(scores / temperature, dim=0)
        probability, index = total.div_(len(views)).max(dim=0)
        labels = index.to(torch.uint8)
        labels[probability < min_confidence] = UNLABELLED
        confidence = probability.mul(255).round_().to(torch.uint8)
        return Prediction(labels.numpy(), confidence.numpy())

    return predict
