# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""ResNet-50, -101 and -152 as encoders (He et al. 2016; stride in the 3x3, "v1.5")."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import relu

from lwrf_ros.network.encoders.blocks import ConvNorm, Tap

EXPANSION = 4
STAGE_WIDTHS = (64, 128, 256, 512)


class Bottleneck(nn.Module):
    """1x1 reduce, 3x3, 1x1 expand, plus the input (projected where its shape changes)."""

    def __init__(self, channels_in: int, width: int, stride: int) -> None:
        super().__init__()
        channels_out = width * EXPANSION
        self.reduce = ConvNorm(channels_in, width, 1)
        self.spatial = ConvNorm(width, width, 3, stride)
        self.expand = ConvNorm(width, channels_out, 1)
        changes_shape = stride != 1 or channels_in != channels_out
        self.shortcut = ConvNorm(channels_in, channels_out, 1, stride) if changes_shape else None

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels_in, H, W)`` to ``(N, 4 * width, ceil(H/stride), ...)``."""
        residual = x if self.shortcut is None else self.shortcut(x)
        x = relu(self.reduce(x))
        x = relu(self.spatial(x))
        return relu(self.expand(x) + residual)


class ResNet(nn.Module):
    """The ResNet without its classification head; taps at strides 4, 8, 16 and 32.

    Args:
        depths: Number of bottlenecks in each of the four stages.
    """

    mean = (0.485, 0.456, 0.406)
    std = (0.229, 0.224, 0.225)
    size_multiple = 1
    # The two deepest taps are dropped out in training, as the published networks do.
    taps = (Tap(256, 4), Tap(512, 8), Tap(1024, 16, dropout=0.5), Tap(2048, 32, dropout=0.5))

    def __init__(self, depths: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.stem = ConvNorm(3, STAGE_WIDTHS[0], 7, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.stages = nn.ModuleList()
        channels = STAGE_WIDTHS[0]
        for index, (width, depth) in enumerate(zip(STAGE_WIDTHS, depths, strict=True)):
            blocks = []
            for block in range(depth):
                stride = 2 if block == 0 and index > 0 else 1
                blocks.append(Bottleneck(channels, width, stride))
                channels = width * EXPANSION
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map a normalised image ``(N, 3, H, W)`` to the four taps, shallowest first."""
        x = self.pool(relu(self.stem(x)))
        taps = []
        for stage in self.stages:
            x = stage(x)
            taps.append(x)
        return taps


def resnet50() -> ResNet:
    """ResNet with (3, 4, 6, 3) bottlenecks."""
    return ResNet((3, 4, 6, 3))


def resnet101() -> ResNet:
    """ResNet with (3, 4, 23, 3) bottlenecks."""
    return ResNet((3, 4, 23, 3))


def resnet152() -> ResNet:
    """ResNet with (3, 8, 36, 3) bottlenecks."""
    return ResNet((3, 8, 36, 3))
