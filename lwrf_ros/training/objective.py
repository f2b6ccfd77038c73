# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What a training minimises: cross entropy, soft Jaccard, and classifiers on deeper levels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from lwrf_ros.classes import UNLABELLED
from lwrf_ros.network.decoder import conv1x1
from lwrf_ros.network.refinenet import RefineNet


class Objective(nn.Module):
    """The network's logits and deeper levels to one number.

    The classifiers on the deeper levels (deep supervision, Lee et al. 2015) exist in training
    only. They see what a level hands up, through a forward hook, so that the network knows
    nothing of them.

    Args:
        network: The network that is trained.
        class_weights: ``(C,)`` weight of each class in the cross entropy.
        overlap: Weight of the soft Jaccard loss.
        auxiliary: Weight of the mean loss of the deeper levels; 0 for none.
    """

    class_weights: Tensor

    def __init__(
        self, network: RefineNet, class_weights: Tensor, overlap: float, auxiliary: float
    ) -> None:
        super().__init__()
        self.register_buffer("class_weights", class_weights, persistent=False)
        self.overlap = overlap
        self.auxiliary = auxiliary
        deeper = list(network.decoder.levels)[:-1] if auxiliary else []
        self.heads = nn.ModuleList(
            conv1x1(network.decoder.channels_out, network.num_classes) for _ in deeper
        )
        self._seen: list[Tensor] = []
        for level in deeper:
            level.register_forward_hook(self._see)

    def _see(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        if self.training and torch.is_grad_enabled():
            self._seen.append(output)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of one step, right after the network's forward pass.

        Args:
            logits: ``(N, C, h, w)`` of the network.
            target: ``(N, H, W)`` int64 class indices; 255 is left out.
        """
        scores = interpolate(
            logits.float(), size=target.shape[1:], mode="bilinear", align_corners=False
        )
        loss = mean_cross_entropy(scores, target, self.class_weights)
        if self.overlap:
            loss = loss + self.overlap * soft_jaccard_loss(scores, target)
        seen, self._seen = self._seen, []
        for features, head in zip(seen, self.heads, strict=True):
            # Labels come down rather than logits up: a deep level is not asked for fine borders.
            coarse = interpolate(
                target.unsqueeze(1).float(), size=features.shape[2:], mode="nearest-exact"
            )
            labels = coarse.squeeze(1).long()
            deeper = mean_cross_entropy(head(features).float(), labels, self.class_weights)
            loss = loss + self.auxiliary / len(seen) * deeper
        return loss


def mean_cross_entropy(scores: Tensor, target: Tensor, class_weights: Tensor) -> Tensor:
    """Return the mean over labelled pixels; 0 and not NaN where there are none.

    Args:
        scores: ``(N, C, H, W)`` float32 logits.
        target: ``(N, H, W)`` int64 class indices; 255 is left out.
        class_weights: ``(C,)`` weight of each class.
    """
    total = cross_entropy(scores, target, class_weights, ignore_index=UNLABELLED, reduction="sum")
    return total / (target != UNLABELLED).sum().clamp_min(1)


def soft_jaccard_loss(scores: Tensor, target: Tensor) -> Tensor:
    """Return one minus the mean soft Jaccard index of the classes that the batch shows.

    The Jaccard index of label sets (intersection over union) with probabilities in the place of
    labels; it counts a rare class as much as a frequent one.

    Args:
        scores: ``(N, C, H, W)`` float32 logits.
        target: ``(N, H, W)`` int64 class indices; 255 is left out.
    """
    classes = scores.shape[1]
    labelled = target != UNLABELLED
    probabilities = scores.softmax(dim=1) * labelled.unsqueeze(1)
    indices = target.where(labelled, 0)
    own = probabilities.gather(1, indices.unsqueeze(1)).squeeze(1)
    flat = indices.flatten()
    zeros = scores.new_zeros(classes)
    shared = zeros.index_add(0, flat, own.flatten())
    truth = zeros.index_add(0, flat, labelled.flatten().float())
    union = truth + probabilities.sum(dim=(0, 2, 3)) - shared
    shown = truth > 0
    jaccard = torch.where(shown, shared / union.clamp_min(1e-6), zeros)
    return torch.where(shown.any(), 1 - jaccard.sum() / shown.sum().clamp_min(1), zeros.sum())


def balanced_class_weights(pixels: Tensor, exponent: float) -> Tensor:
    """Return a weight of ``frequency**-exponent`` for each class.

    Scaled so that the mean over all pixels is 1; a class that never occurs has weight 1.

    Args:
        pixels: ``(C,)`` pixels by class.
        exponent: 0 for no balance, 1 for an equal share of each class.
    """
    frequency = pixels.double() / pixels.sum()
    occurs = pixels > 0
    weights = torch.where(occurs, frequency.clamp_min(1e-12) ** -exponent, 1.0)
    weights = weights / (weights * frequency).sum()
    return torch.where(occurs, weights, 1.0).float()
