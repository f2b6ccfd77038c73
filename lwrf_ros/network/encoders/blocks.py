# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Building blocks of the encoders: convolutions with a batch norm, and the description of a tap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

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


class Normed(nn.Module):
    """A part of an encoder in which one batch norm follows one or several convolutions.

    Attributes:
        norm: The batch norm, over the convolutions' channels one after the other.
    """

    norm: nn.Module

    def normed(self) -> Sequence[nn.Conv2d]:
        """Return the convolutions, in the order of their channels."""
        raise NotImplementedError

    def fold(self) -> None:
        """Make the batch norm part of its convolutions, in place; for evaluation only."""
        norm = self.norm
        if not isinstance(norm, nn.BatchNorm2d):
            return
        assert norm.running_mean is not None and norm.running_var is not None  # as built
        # In double precision: the rounding of the product is then all that is added.
        scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        bias = norm.bias.double() - norm.running_mean.double() * scale
        begin = 0
        for conv in self.normed():
            own = slice(begin, begin + conv.out_channels)
            begin = own.stop
            weight = conv.weight.double() * scale[own].view(-1, 1, 1, 1)
            conv.weight = nn.Parameter(weight.to(conv.weight.dtype))
            conv.bias = nn.Parameter(bias[own].to(conv.weight.dtype))
        self.norm = nn.Identity()


class ConvNorm(Normed):
    """A convolution without bias, padded to keep the size at stride 1, and its batch norm.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        kernel: Side of the kernel.
        stride: Stride.
        groups: Groups of the convolution.
        padding: Pixels of padding at every side; None for half the kernel.
        epsilon: What the batch norm adds to the variance.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        padding: int | None = None,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            channels_in,
            channels_out,
            kernel,
            stride=stride,
            padding=kernel // 2 if padding is None else padding,
            groups=groups,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(channels_out, eps=epsilon)

    def normed(self) -> Sequence[nn.Conv2d]:
        """Return the convolution."""
        return [self.conv]

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels_in, H, W)`` to ``(N, channels_out, ceil(H/s), ceil(W/s))``."""
        out: Tensor = self.norm(self.conv(x))
        return out


class JointNorm(Normed):
    """Convolutions whose results, side by side, have one batch norm; subclasses run them."""

    def __init__(self, convs: Iterable[nn.Conv2d], norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.convs = nn.ModuleList(convs)
        self.norm = norm

    def normed(self) -> Sequence[nn.Conv2d]:
        """Return the convolutions, in the order of their channels."""
        return cast("list[nn.Conv2d]", list(self.convs))
