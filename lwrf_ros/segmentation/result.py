# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The engine's result for an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Timings:
    """Where the time of a group of images went, in milliseconds.

    The stages are times of the device (CUDA events on a GPU); warm-up is not in them.

    Attributes:
        upload_ms: Images to the device.
        preprocess_ms: Resize and normalise.
        network_ms: The network.
        postprocess_ms: Upsampling, labels, confidence, coverage.
        download_ms: Results to the host.
        total_ms: Wall time from `submit` to the end of `collect`.
    """

    upload_ms: float
    preprocess_ms: float
    network_ms: float
    postprocess_ms: float
    download_ms: float
    total_ms: float


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The result for one image; the arrays belong to the caller.

    H x W is the image's size, or that of the network's input if label_size is "network". With class
    groups, "class" means a group.

    Attributes:
        labels: ``(H, W) uint8``, the class index of each pixel, 255 if unlabelled; None if not
            requested.
        confidence: ``(H, W) uint8``, the probability of the most probable class, 0..255 for 0..1:
            the softmax of the logits divided by the network's temperature; None if not requested.
            With groups it is still that of one class, a lower bound for the group's, and 0 if the
            class was dropped.
        coverage: ``(C,) float64``, the fraction of all pixels that each class covers.
        unlabelled: The fraction of all pixels that is unlabelled; with `coverage` the sum is 1.
        timings: Shared by the images that ran together.
        sound: Whether all of the network's scores were numbers. Where some were none (NaN,
            infinity), the pixels are unlabelled.
    """

    labels: NDArray[np.uint8] | None
    confidence: NDArray[np.uint8] | None
    coverage: NDArray[np.float64]
    unlabelled: float
    timings: Timings
    sound: bool = True
