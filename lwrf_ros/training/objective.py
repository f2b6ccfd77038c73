# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Losses that a training minimises: cross entropy, soft labels, Jaccard, deeper classifiers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, cross_entropy, interpolate

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.network.decoder import conv1x1
from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.training.recipe import Recipe


class Objective(nn.Module):
    """The network's logits and deeper levels to one number.

    The classifiers on the deeper levels (deep supervision, Lee et al. 2015) exist in training
    only. They see what a level hands up, through a forward hook, so that the network knows
    nothing of them.

    Args:
        network: The network that is trained.
        class_weights: ``(C,)`` weight of each class in the cross entropy.
        recipe: The weights of the losses.
    """

    class_weights: Tensor

    def __init__(self, network: RefineNet, class_weights: Tensor, recipe: Recipe) -> None:
        super().__init__()
        self.register_buffer("class_weights", class_weights, persistent=False)
        self._recipe = recipe
        deeper = list(network.decoder.levels)[:-1] if recipe.auxiliary else []
        self.heads = nn.ModuleList(
            conv1x1(network.decoder.channels_out, network.num_classes) for _ in deeper
        )
        self._seen: list[Tensor] = []
        for level in deeper:
            level.register_forward_hook(self._see)

    def _see(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        if self.training and torch.is_grad_enabled():
            self._seen.append(output)

    def forward(self, logits: Tensor, target: Tensor, soft: Tensor | None = None) -> Tensor:
        """Return the loss of one step, right after the network's forward pass.

        Args:
            logits: ``(N, C, h, w)`` of the network.
            target: ``(N, H, W)`` int64 class indices; 255 is left out.
            soft: ``(N, C, h, w)`` float32 probabilities that a teacher stored; None without.
        """
        recipe = self._recipe
        logits = logits.float()
        loss = logits.new_zeros(())
        if recipe.hard or recipe.overlap:
            scores = interpolate(
                logits, size=target.shape[1:], mode="bilinear", align_corners=False
            )
            if recipe.hard:
                loss = loss + recipe.hard * mean_cross_entropy(scores, target, self.class_weights)
            if recipe.overlap:
                loss = loss + recipe.overlap * soft_jaccard_loss(scores, target)
        if soft is not None:
            loss = loss + recipe.distill * self._divergence(logits, soft)
        seen, self._seen = self._seen, []
        for features, head in zip(seen, self.heads, strict=True):
            deeper = self._coarse_loss(head(features).float(), target, soft)
            loss = loss + recipe.auxiliary / len(seen) * deeper
        return loss

    def _coarse_loss(self, scores: Tensor, target: Tensor, soft: Tensor | None) -> Tensor:
        """Return the loss of a deep level's classifier.

        Labels come down rather than logits up: a deep level is not asked for fine borders.
        """
        size = (scores.shape[2], scores.shape[3])
        loss = scores.new_zeros(())
        if self._recipe.hard:
            coarse = interpolate(target.unsqueeze(1).float(), size=size, mode="nearest-exact")
            labels = coarse.squeeze(1).long()
            loss = self._recipe.hard * mean_cross_entropy(scores, labels, self.class_weights)
        if soft is not None:
            shrunk = adaptive_avg_pool2d(soft, size)
            loss = loss + self._recipe.distill * self._divergence(scores, shrunk)
        return loss

    def _divergence(self, logits: Tensor, soft: Tensor) -> Tensor:
        return divergence(logits, soft, self.class_weights, self._recipe.distill_temperature)


def divergence(logits: Tensor, soft: Tensor, class_weights: Tensor, temperature: float) -> Tensor:
    """Return the mean Kullback-Leibler divergence of the network from a teacher.

    Both distributions are softened by the temperature, and the result is multiplied by its square
    so that the gradient keeps its size (Hinton, Vinyals, Dean 2015, section 2).

    Args:
        logits: ``(N, C, h, w)`` float32.
        soft: ``(N, C, h, w)`` float32 probabilities of the teacher. Where their sum is less than
            1 the teacher saw something else: the pixel counts for that much less.
        class_weights: ``(C,)`` weight of each class.
        temperature: What both sides' logits are divided by.
    """
    known = soft.sum(dim=1, keepdim=True)
    teacher = soft / known.clamp_min(1e-6)
    importance = known * torch.einsum("nchw,c->nhw", teacher, class_weights).unsqueeze(1)
    if temperature != 1:
        teacher = teacher ** (1 / temperature)
        teacher = teacher / teacher.sum(dim=1, keepdim=True).clamp_min(1e-6)
    own = (logits / temperature).log_softmax(dim=1)
    distance = torch.xlogy(teacher, teacher) - teacher * own
    total = (importance * distance).sum() / known.sum().clamp_min(1)
    return temperature**2 * total


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
