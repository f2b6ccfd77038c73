# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Random views of a batch, drawn on the host and computed on the device in one sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

from lwrf_ros.classes.class_table import UNLABELLED
from lwrf_ros.training.transfer import sent


@dataclass(frozen=True)
class View:
    """How much views may differ.

    Attributes:
        zoom: Smallest and largest magnification; drawn log-uniformly.
        flip: Whether to mirror every second view.
        colour: Strength of the changes of brightness, contrast, saturation, gamma and white
            balance; 0 for none, 0.4 for strong ones.
    """

    zoom: tuple[float, float]
    flip: bool
    colour: float


class Views(NamedTuple):
    """Views of a batch, on the device.

    Attributes:
        images: ``(N, 3, H, W)`` float32 RGB in 0..1.
        labels: ``(N, H, W)`` int64 class indices, 255 for unlabelled.
        soft: ``(N, C, ceil(H/4), ceil(W/4))`` float32 probabilities of the classes; None where
            there are none.
    """

    images: Tensor
    labels: Tensor
    soft: Tensor | None = None


def random_views(
    images: Tensor,
    masks: Tensor,
    view: View,
    size: tuple[int, int],
    mean: Tensor,
    generator: torch.Generator,
    soft: Tensor | None = None,
) -> Views:
    """Draw one random view of every image.

    Args:
        images: ``(N, 3, H, W) uint8`` RGB on the device.
        masks: ``(N, H, W) uint8`` on the device.
        view: How much the views may differ.
        size: ``(height, width)`` in pixels of the views.
        mean: ``(3,)`` mean of the RGB channels in 0..1, on the device: what lies outside an image
            has this colour.
        generator: Source of the random numbers, on the host.
        soft: ``(N, C, h, w) uint8`` probabilities of the classes on the device, 255 for 1; None
            where there are none.

    Returns:
        The views; outside an image the label is 255 and every probability 0.
    """
    count, _, height, width = images.shape
    theta = sent(_placements(count, (height, width), view, size, generator), images.device)
    grid = affine_grid(theta, [count, 3, *size], align_corners=False)
    # Sampling pads with 0. Shifted so that 0 is the mean colour and "unlabelled".
    centre = mean.view(1, 3, 1, 1)
    shifted = images.float().div_(255).sub_(centre)
    views = grid_sample(shifted, grid, mode="bilinear", align_corners=False).add_(centre)
    indices = masks.unsqueeze(1).float().sub_(UNLABELLED)
    labels = grid_sample(indices, grid, mode="nearest", align_corners=False).add_(UNLABELLED)
    if view.colour:
        views = _recolour(views, view.colour, generator)
    if soft is not None:
        grid = affine_grid(theta, [count, 3, *logits_size(size)], align_corners=False)
        soft = grid_sample(soft.float().div_(255), grid, mode="bilinear", align_corners=False)
    return Views(views, labels.squeeze(1).long(), soft)


def logits_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return ``(height, width)`` of the network's logits for images of a size."""
    return -(-size[0] // 4), -(-size[1] // 4)


def mix_views(views: Views, share: float, num_classes: int, generator: torch.Generator) -> Views:
    """Paste what belongs to some classes of another view into a share of the views.

    Each class of the other view is pasted with probability one half (ClassMix, Olsson et al.
    2021): things appear where their surroundings do not give them away.

    Args:
        views: The views; what is unlabelled is never pasted.
        share: Probability that a view is pasted into.
        num_classes: Number of classes C.
        generator: Source of the random numbers, on the host.

    Returns:
        Views of the same shapes.
    """
    images, labels, soft = views
    count = images.shape[0]
    # Drawn as a table of all 256 indices, so that the labels need not be looked at on the host.
    pasted = torch.zeros(count, UNLABELLED + 1, dtype=torch.bool)
    pasted[:, :num_classes] = torch.rand(count, num_classes, generator=generator) < 0.5
    pasted &= torch.rand(count, 1, generator=generator) < share
    others = labels.roll(1, dims=0)
    chosen = sent(pasted, labels.device).gather(1, others.flatten(1)).view_as(labels)
    if soft is not None:
        coarse = interpolate(chosen.unsqueeze(1).float(), size=soft.shape[2:], mode="nearest-exact")
        soft = torch.where(coarse > 0, soft.roll(1, dims=0), soft)
    return Views(
        torch.where(chosen.unsqueeze(1), images.roll(1, dims=0), images),
        torch.where(chosen, others, labels),
        soft,
    )


def _placements(
    count: int,
    image_size: tuple[int, int],
    view: View,
    size: tuple[int, int],
    generator: torch.Generator,
) -> Tensor:
    """Draw where the views lie: ``(count, 2, 3)`` from view to image coordinates in -1..1."""
    low, high = (torch.tensor(z).log() for z in view.zoom)
    zoom = (low + (high - low) * torch.rand(count, generator=generator)).exp()
    # Two numbers an image are drawn, wanted or not: other draws stay the same without flips.
    mirrored = torch.rand(count, generator=generator) < (0.5 if view.flip else 0.0)
    offsets = torch.rand(count, 2, generator=generator) * 2 - 1
    theta = torch.zeros(count, 2, 3)
    for axis, (view_px, image_px) in enumerate(zip(size[::-1], image_size[::-1], strict=True)):
        extent = view_px / (zoom * image_px)  # of the view, in units of the image
        theta[:, axis, axis] = extent
        # Anywhere inside the image; a view larger than the image holds all of it, anywhere.
        theta[:, axis, 2] = offsets[:, axis] * (1 - extent).abs()
    theta[mirrored, 0, 0] *= -1
    return theta


def _recolour(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Change gamma, brightness, white balance, contrast and saturation of each image."""
    count = images.shape[0]
    draws = (torch.rand(count, 7, generator=generator) * 2 - 1).mul_(strength)
    draws = sent(draws, images.device)
    factors = draws.exp().view(count, 7, 1, 1, 1)
    gamma, brightness, contrast, saturation = (factors[:, i] for i in range(4))
    balance = (draws[:, 4:7] * 0.25).exp().view(count, 3, 1, 1)
    images = images.clamp(0, 1).pow(gamma) * (brightness * balance)
    level = images.mean(dim=(1, 2, 3), keepdim=True)
    images = level + (images - level) * contrast
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * saturation
    return images.clamp_(0, 1)
