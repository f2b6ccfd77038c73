# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Logits to labels, confidence and pixel counts at the image's size, on the logits' device."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from lwrf_ros.classes import UNLABELLED

COUNT_BINS = 256


def label_image(
    logits: Tensor,
    labels: Tensor,
    counts: Tensor,
    confidence: Tensor | None,
    min_confidence: float,
) -> None:
    """Fill labels, counts and, if wanted, confidence from the logits of one image.

    The logits are interpolated straight to the image's size (bilinear, half-pixel centres);
    confidence is the softmax of the interpolated logits. Nothing here waits for the device.

    Args:
        logits: ``(C, h, w)`` in any precision.
        labels: ``(H, W) uint8``, filled; pixels below `min_confidence` become 255.
        counts: ``(256,) float64``, filled: pixels by label. float64 holds every count exactly.
        confidence: ``(H, W) uint8`` to fill with 255 times the probability, rounded, or None.
        min_confidence: Least probability 0..1 that a label needs; 0 keeps all.
    """
    scores = interpolate(
        logits.float().contiguous().unsqueeze(0),
        size=labels.shape,
        mode="bilinear",
        align_corners=False,
    )[0]
    # max, not argmax: on a CPU argmax over the first axis is four times slower.
    best, index = scores.max(dim=0)
    labels.copy_(index)
    if confidence is not None or min_confidence > 0:
        probability = scores.sub_(best).exp_().sum(dim=0).reciprocal_()
        if min_confidence > 0:
            labels.masked_fill_(probability < min_confidence, UNLABELLED)
        if confidence is not None:
            confidence.copy_(probability.mul_(255).round_())
    # histc, not bincount: with given limits it needs no look at the data from the host.
    torch.histc(labels.flatten().double(), COUNT_BINS, min=0, max=COUNT_BINS, out=counts)
