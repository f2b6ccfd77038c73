# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Models to export: a network by itself, or with pre- and postprocessing."""

from __future__ import annotations

import copy
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from lwrf_ros.network import RefineNet
from lwrf_ros.segmentation.simplify import fold_batch_norm

PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16}


def prepared(network: RefineNet, precision: str) -> RefineNet:
    """Return a copy in a precision, with batch norm folded into the convolutions before it.

    It is folded in float32: in half precision variances, and the 1e-5 added to them, are too
    coarse.

    Args:
        network: The network, in float32.
        precision: One of `PRECISIONS`.
    """
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    copied.encoder = fold_batch_norm(copied.encoder)
    return copied.to(PRECISIONS[precision])


class LogitsModel(nn.Module):
    """A network of any precision behind a float32 input and output.

    Args:
        network: The network, in evaluation mode; it is not copied.
    """

    # The input's axes that an export for every size leaves open.
    open_axes: ClassVar = {0: "batch", 2: "height", 3: "width"}
    outputs: tuple[str, ...] = ("logits",)

    def __init__(self, network: RefineNet) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def example(self, batch: int, size: tuple[int, int]) -> Tensor:
        """Return an input of a size ``(height, width)`` in pixels."""
        return torch.zeros(batch, 3, *size)

    def from_pixels(self, pixels: Tensor) -> Tensor:
        """Map images ``(N, H, W, 3) uint8`` RGB to the input."""
        mean, std = torch.tensor(self.network.mean), torch.tensor(self.network.std)
        return ((pixels / 255 - mean) / std).permute(0, 3, 1, 2).contiguous()

    def forward(self, image: Tensor) -> Tensor:
        """Map ``(N, 3, H, W) float32``, normalised, to logits ``(N, C, ceil(H/4), ceil(W/4))``."""
        logits: Tensor = self.network(image.to(self.network.classifier.weight.dtype))
        return logits.float()


class LabelModel(nn.Module):
    """A network with what the engine does before and behind it, for images of the network's size.

    All but the network itself is in float32, whatever the network's precision, as in the engine.

    Args:
        network: The network, in evaluation mode; it is not copied.
        confidence: Whether the labels' probabilities are a second output.
    """

    open_axes: ClassVar = {0: "batch", 1: "height", 2: "width"}
    scale: Tensor
    offset: Tensor

    def __init__(self, network: RefineNet, confidence: bool = False) -> None:
        super().__init__()
        self.logits = LogitsModel(network)
        self.confidence = confidence
        self.temperature = network.temperature
        self.outputs: tuple[str, ...] = ("labels", "confidence") if confidence else ("labels",)
        mean = torch.tensor(network.mean, dtype=torch.float64).view(3, 1, 1)
        std = torch.tensor(network.std, dtype=torch.float64).view(3, 1, 1)
        self.register_buffer("scale", (1 / (255 * std)).float())
        self.register_buffer("offset", (-mean / std).float())
        self.eval()

    def example(self, batch: int, size: tuple[int, int]) -> Tensor:
        """Return an input of a size ``(height, width)`` in pixels."""
        return torch.zeros(batch, *size, 3, dtype=torch.uint8)

    def from_pixels(self, pixels: Tensor) -> Tensor:
        """Map images ``(N, H, W, 3) uint8`` RGB to the input: they are it."""
        return pixels

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Map ``(N, H, W, 3) uint8`` RGB to labels and, if wanted, confidence.

        Returns:
            Labels ``(N, H, W) uint8``; with confidence, 255 times their probability in the same
            form as a second output.
        """
        # TensorRT allows uint8 only at inputs and outputs, and converts it from and to nothing
        # but floating point: hence float first here, and float last below.
        x = image.float().permute(0, 3, 1, 2) * self.scale + self.offset
        size = image.shape[1:3]
        scores = interpolate(self.logits(x), size=size, mode="bilinear", align_corners=False)
        labels = scores.argmax(dim=1).float().to(torch.uint8)
        if not self.confidence:
            return labels
        scores = (scores - scores.amax(dim=1, keepdim=True)) / self.temperature
        probability = scores.exp().sum(dim=1).reciprocal()
        return labels, (probability * 255).round().to(torch.uint8)
