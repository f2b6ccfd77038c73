# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Logits to labels, confidence and pixel counts at the image's size, on the logits' device."""

from __future__ import annotations

import torch
from torch import Tensor

from lwrf_ros.classes.class_table import UNLABELLED

# Behind the counts of pixels by label: 0 where all scores are numbers, anything else where some are
# none.
NOT_FINITE = 256
COUNT_BINS = 257


class Scratch:
    """Intermediate results for images of one size, reused frame after frame.

    Made anew they would be the largest allocation of a frame; on a CPU, touching their fresh
    pages takes longer than the arithmetic.

    Args:
        num_classes: Number of classes C.
        size: ``(H, W)`` of the image.
        device: Where the logits lie.
    """

    def __init__(self, num_classes: int, size: tuple[int, int], device: torch.device) -> None:
        self.scores = torch.empty((1, num_classes, *size), device=device)
        self.check = torch.empty((1, 1, *size), device=device)
        self.best = torch.empty(size, device=device)
        self.index = torch.empty(size, dtype=torch.int64, device=device)
        self.probability = torch.empty(size, device=device)
        self.values = torch.empty(size, dtype=torch.float64, device=device)


def label_image(
    logits: Tensor,
    labels: Tensor,
    counts: Tensor,
    confidence: Tensor | None,
    min_confidence: float,
    temperature: float,
    scratch: Scratch,
) -> None:
    """Fill labels, counts and, if wanted, confidence from the logits of one image.

    The logits are interpolated straight to the image's size (bilinear, half-pixel centres);
    confidence is the softmax of the interpolated logits over the temperature. Nothing here waits
    for the device.

    Args:
        logits: ``(C, h, w)`` in any precision.
        labels: ``(H, W) uint8``, filled; pixels below `min_confidence` become 255.
        counts: ``(257,) float64``, filled: pixels by label, and at `NOT_FINITE` not 0 if some have
            a score that is no number (NaN, infinity); their label is 255 and their confidence 0.
            float64 holds every count exactly.
        confidence: ``(H, W) uint8`` to fill with 255 times the probability, rounded, or None.
        min_confidence: Least probability 0..1 that a label needs; 0 keeps all.
        temperature: What the logits are divided by for the probability. The labels are chosen
            before, so that it cannot change them, not even by rounding.
        scratch: For C classes and H x W pixels; what it holds afterwards means nothing.
    """
    logits = logits.float().contiguous().unsqueeze(0)
    # What interpolate(mode="bilinear", align_corners=False) calls, which has no `out`.
    stretch = torch.ops.aten.upsample_bilinear2d.out
    stretch(logits, labels.shape, False, out=scratch.scores)
    # 0 where every score is a number, NaN where one is none: a plane more to stretch, not C.
    stretch((logits * 0).sum(dim=1, keepdim=True), labels.shape, False, out=scratch.check)
    broken = scratch.check[0, 0] != 0
    scores = scratch.scores[0]
    # max, not argmax: on a CPU argmax over the first axis is four times slower.
    torch.max(scores, dim=0, out=(scratch.best, scratch.index))
    labels.copy_(scratch.index)
    if confidence is not None or min_confidence > 0:
        # Divided after the subtraction: the best is then 0 exactly, and its probability at most 1.
        scores.sub_(scratch.best)
        if temperature != 1:
            scores.mul_(1 / temperature)
        scores.exp_()
        probability = torch.sum(scores, dim=0, out=scratch.probability).reciprocal_()
        if min_confidence > 0:
            labels.masked_fill_(probability < min_confidence, UNLABELLED)
        if confidence is not None:
            confidence.copy_(probability.mul_(255).round_().masked_fill_(broken, 0))
    labels.masked_fill_(broken, UNLABELLED)
    # histc, not bincount: with given limits it needs no look at the data from the host.
    scratch.values.copy_(labels)
    torch.histc(scratch.values, NOT_FINITE, min=0, max=NOT_FINITE, out=counts[:NOT_FINITE])
    counts[NOT_FINITE].copy_(broken.any())
