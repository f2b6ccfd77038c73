# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""One pass over a data set: every frame predicted, timed and compared with its mask."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.datasets.dataset import Pair, read_image, read_truth
from lwrf_ros.evaluation.calibration import Reliability
from lwrf_ros.evaluation.confusion_matrix import ConfusionMatrix
from lwrf_ros.evaluation.prediction import Predict


@dataclass(frozen=True, eq=False)
class Frame:
    """How a frame was labelled.

    Attributes:
        pair: The image and its mask.
        mean_iou: Mean Jaccard index over the classes in this frame, NaN if fewer than two are
            there.
        pixel_accuracy: Fraction of its pixels that is right, NaN if none has a truth.
        agreement: What frames are put in order by, as of `ConfusionMatrix.agreement`.
        labels: ``(H, W) uint8``; None where they were not kept.
    """

    pair: Pair
    mean_iou: float
    pixel_accuracy: float
    agreement: float
    labels: NDArray[np.uint8] | None = None


@dataclass(eq=False)
class Scores:
    """Scores of a pass over a data set.

    Attributes:
        precision: That the network ran in.
        matrix: Confusion matrix of all frames.
        reliability: Confidence against accuracy of all frames.
        frames: By frame in order, without labels.
        times_ms: By frame: from the image on the host to labels and confidence on the host.
        ignored: Pixels without a truth.
        worst: The frames with the lowest agreement, lowest first, with labels.
    """

    precision: str
    matrix: ConfusionMatrix
    reliability: Reliability = field(default_factory=Reliability)
    frames: list[Frame] = field(default_factory=list)
    times_ms: list[float] = field(default_factory=list)
    ignored: int = 0
    worst: list[Frame] = field(default_factory=list)

    def time_ms(self, percentile: float) -> float:
        """Return a percentile of the time a frame took, milliseconds."""
        return float(np.percentile(self.times_ms, percentile))


def score(
    pairs: Sequence[Pair],
    predict: Predict,
    num_classes: int,
    precision: str,
    keep_worst: int,
    on_done: Callable[[], object] = lambda: None,
) -> Scores:
    """Predict and score every frame.

    Args:
        pairs: The frames, at least one.
        predict: From image to labels and confidence; it waits for the result.
        num_classes: Number of classes C.
        precision: What is noted as the precision.
        keep_worst: How many of the worst frames to keep with their labels.
        on_done: Called after each frame, for a progress bar.

    Raises:
        DatasetError: If a file cannot be read any more.
        ScoreError: If a mask does not fit its image or the classes any more.
    """
    scores = Scores(precision, ConfusionMatrix(num_classes))
    predict(read_image(pairs[0].image))  # warm-up, which no frame's time shall hold
    for pair in pairs:
        image, truth = read_image(pair.image), read_truth(pair)
        started = time.perf_counter()
        prediction = predict(image)
        scores.times_ms.append((time.perf_counter() - started) * 1e3)
        scores.ignored += int(np.count_nonzero(truth == UNLABELLED))
        alone = ConfusionMatrix(num_classes)
        alone.add(prediction.labels, truth)
        scores.matrix.counts += alone.counts
        scores.reliability.add(prediction.confidence, prediction.labels, truth)
        frame = Frame(pair, alone.mean_iou(), alone.pixel_accuracy(), alone.agreement())
        scores.frames.append(frame)
        if keep_worst and not math.isnan(frame.agreement):
            kept = replace(frame, labels=prediction.labels)
            scores.worst = sorted([*scores.worst, kept], key=lambda one: one.agreement)[:keep_worst]
        on_done()
    return scores
