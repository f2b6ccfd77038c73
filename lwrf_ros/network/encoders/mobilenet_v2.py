# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""MobileNet-v2 as an encoder (Sandler et al. 2018)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import relu6

from lwrf_ros.network.encoders.blocks import ConvNorm, Tap

STEM_CHANNELS = 32
# One row a stage: expansion, channels, blocks, stride of the first block.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
FIRST_TAPPED_STAGE = 1


class InvertedResidual(nn.Module):
    """1x1 expand, 3x3 depthwise, 1x1 project; plus the input where the shape stays."""

    def __init__(self, channels_in: int, channels_out: int, expansion: int, stride: int) -> None:
        super().__init__()
        hidden = channels_in * expansion
        self.expand = ConvNorm(channels_in, hidden, 1)
        self.depthwise = ConvNorm(hidden, hidden, 3, stride, groups=hidden)
        self.project = ConvNorm(hidden, channels_out, 1)
        self.keeps_shape = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels_in, H, W)`` to ``(N, channels_out, ceil(H/stride), ...)``."""
        y = relu6(self.expand(x))
        y = relu6(self.depthwise(y))
        y = self.project(y)
        return x + y if self.keeps_shape else y


class MobileNetV2(nn.Module):
    """MobileNet-v2 without its head; six taps, two of them at stride 16 and two at 32."""

    mean = (0.485, 0.456, 0.406)
    std = (0.229, 0.224, 0.225)
    size_multiple = 1
    taps = (Tap(24, 4), Tap(32, 8), Tap(64, 16), Tap(96, 16), Tap(160, 32), Tap(320, 32))

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, STEM_CHANNELS, 3, stride=2)
        self.stages = nn.ModuleList()
        channels = STEM_CHANNELS
        for expansion, channels_out, depth, stride in STAGES:
            blocks = []
            for block in range(depth):
                blocks.append(
                    InvertedResidual(channels, channels_out, expansion, stride if block == 0 else 1)
                )
                channels = channels_out
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map a normalised image ``(N, 3, H, W)`` to the six taps, shallowest first."""
        x = relu6(self.stem(x))
        taps = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index >= FIRST_TAPPED_STAGE:
                taps.append(x)
        return taps
