# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the encoders share: a convolution with its batch norm, and the description of a tap."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Tap:
    """One feature map that an encoder hands to the decoder.

    Attributes:
        channels: Number of channels of the map.
        stride: Input pixels per pixel of the map, a power of two.
        dropout: Probability of dropping a value of the map in training.
    """

    channels: int
    stride: int
    dropout: float = 0.0


class ConvNorm(nn.Module):
    """A convolution without bias, padded to keep the size at stride 1, and its batch norm."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            channels_in,
            channels_out,
            kernel,
            stride=stride,
            padding=kernel // 2,
            groups=groups,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels_in, H, W)`` to ``(N, channels_out, ceil(H/s), ceil(W/s))``."""
        return self.norm(self.conv(x))
