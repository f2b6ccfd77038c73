# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The decoder of Light-Weight RefineNet: chained residual pooling and fusion (paper, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from torch import Tensor, nn
from torch.nn.functional import dropout, interpolate, max_pool2d, relu, relu6

from lwrf_ros.network.encoders.blocks import Tap

CRP_STAGES = 4


@dataclass(frozen=True)
class DecoderForm:
    """What differs between the decoders of the published networks.

    Attributes:
        width: Channels of every level but the deepest, and of the decoder's output.
        deepest_width: Channels of the deepest level.
        adapt: Whether the levels above the deepest have a second 1x1 behind the first.
        activation: What follows the sum of a level's paths.
    """

    width: int
    deepest_width: int
    adapt: bool
    activation: Callable[[Tensor], Tensor]


FORMS = {
    "resnet": DecoderForm(width=256, deepest_width=512, adapt=True, activation=relu),
    "mobile": DecoderForm(width=256, deepest_width=256, adapt=False, activation=relu6),
}


def conv1x1(channels_in: int, channels_out: int) -> nn.Conv2d:
    """Build the decoder's ubiquitous 1x1 convolution; it has no bias (paper, section 3.2)."""
    return nn.Conv2d(channels_in, channels_out, 1, bias=False)


class ChainedResidualPooling(nn.Module):
    """CRP: a chain of 5x5 max-pool and 1x1, every link added to the sum (paper, Fig. 1f)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(conv1x1(channels, channels) for _ in range(CRP_STAGES))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to the same shape."""
        link = x
        for stage in self.stages:
            link = stage(max_pool2d(link, kernel_size=5, stride=1, padding=2))
            x = x + link
        return x


class Level(nn.Module):
    """One resolution of the decoder: its taps and the deeper path fused, CRP, a 1x1 upwards.

    Args:
        taps: The encoder's taps of this resolution.
        width: Channels that this level works in.
        width_up: Channels handed to the next level, or None at the shallowest.
        adapt: Whether a second 1x1 follows the first.
        activation: What follows the sum.
    """

    def __init__(
        self,
        taps: Sequence[Tap],
        width: int,
        width_up: int | None,
        adapt: bool,
        activation: Callable[[Tensor], Tensor],
    ) -> None:
        super().__init__()
        self.dropouts = [tap.dropout for tap in taps]
        self.reduce = nn.ModuleList(conv1x1(tap.channels, width) for tap in taps)
        self.adapt = conv1x1(width, width) if adapt else None
        self.activation = activation
        self.crp = ChainedResidualPooling(width)
        self.project = conv1x1(width, width_up) if width_up else None

    def forward(self, taps: Sequence[Tensor], deeper: Tensor | None) -> Tensor:
        """Fuse taps ``(N, c, H, W)`` of one size with the deeper path ``(N, width, h, w)``.

        The deeper path is upsampled bilinearly with aligned corners.
        """
        total: Tensor | None = None
        for tap, probability, reduce in zip(taps, self.dropouts, self.reduce, strict=True):
            if probability:
                tap = dropout(tap, probability, training=self.training)
            total = reduce(tap) if total is None else total + reduce(tap)
        assert total is not None  # a level is built from at least one tap
        if self.adapt is not None:
            total = self.adapt(total)
        if deeper is not None:
            size = total.shape[2:]
            total = total + interpolate(deeper, size=size, mode="bilinear", align_corners=True)
        out: Tensor = self.crp(self.activation(total))
        return out if self.project is None else self.project(out)


class LightWeightDecoder(nn.Module):
    """The light-weight decoder for an encoder's taps, deepest level first.

    Args:
        taps: The encoder's taps, shallowest first; taps of equal stride share a level.
        form: Widths and details of the published network.
    """

    def __init__(self, taps: Sequence[Tap], form: DecoderForm) -> None:
        super().__init__()
        groups = [list(group) for _, group in groupby(reversed(taps), key=lambda tap: tap.stride)]
        self.tap_counts = [len(group) for group in groups]
        self.channels_out = form.width
        self.levels = nn.ModuleList()
        for index, group in enumerate(groups):
            deepest, shallowest = index == 0, index == len(groups) - 1
            self.levels.append(
                Level(
                    group,
                    width=form.deepest_width if deepest else form.width,
                    width_up=None if shallowest else form.width,
                    adapt=form.adapt and not deepest,
                    activation=form.activation,
                )
            )

    def forward(self, taps: Sequence[Tensor]) -> Tensor:
        """Map taps, shallowest first, to ``(N, channels_out, H, W)`` at the shallowest's size."""
        waiting = list(taps)
        path: Tensor | None = None
        for level, count in zip(self.levels, self.tap_counts, strict=True):
            # Deepest first within a level as well: the order of the published sum.
            path = level([waiting.pop() for _ in range(count)], path)
        assert path is not None  # every encoder has taps
        return path
