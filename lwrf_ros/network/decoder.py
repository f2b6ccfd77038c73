# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The decoders of RefineNet, light-weight and original, by one description (paper, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from torch import Tensor, nn
from torch.nn.functional import dropout, interpolate, relu, relu6

from lwrf_ros.backbones import DEFAULT_DECODER
from lwrf_ros.network.encoders.blocks import Tap

CRP_STAGES = 4
RCUS_IN, RCUS_OUT = 2, 3


@dataclass(frozen=True)
class DecoderForm:
    """Differences between the decoders of the published networks by their encoder.

    Attributes:
        width: Channels of every level but the deepest, and of the decoder's output.
        deepest_width: Channels of the deepest level.
        adapt: Whether the levels above the deepest have a second convolution behind the first.
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


def conv(channels_in: int, channels_out: int, kernel: int) -> nn.Conv2d:
    """Build a convolution of the decoder, which keeps the size and has no bias."""
    return nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False)


def conv1x1(channels_in: int, channels_out: int) -> nn.Conv2d:
    """Build the light-weight decoder's ubiquitous 1x1 convolution (paper, section 3.2)."""
    return conv(channels_in, channels_out, 1)


class ResidualConvUnit(nn.Module):
    """RCU: two 3x3 behind a ReLU each, plus the input (paper, Fig. 1b)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.last = conv(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to the same shape."""
        out: Tensor = self.last(relu(self.first(relu(x))))
        return x + out


class BottleneckUnit(nn.Module):
    """RCU of the light-weight form: 1x1 to half the channels, 3x3, 1x1 back (paper, Fig. 1e).

    The paper gives no widths; with half of the channels the network has the 54 M parameters and
    76 G operations of its Table 1.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.reduce = conv1x1(channels, half)
        self.spatial = conv(half, half, 3)
        self.last = conv1x1(half, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to the same shape."""
        out: Tensor = self.last(relu(self.spatial(relu(self.reduce(relu(x))))))
        return x + out


@dataclass(frozen=True)
class Blocks:
    """The kinds of block that a decoder is built from.

    Attributes:
        kernel: Side of every convolution's kernel but the classifier's, which has 3.
        unit: Makes the residual unit of so many channels: two of them follow a level's first
            convolution, three its CRP; None for none.
        dropout: Probability of dropping a value in front of the classifier in training.
    """

    kernel: int
    unit: Callable[[int], nn.Module] | None
    dropout: float


# The keys are those of `lwrf_ros.backbones.DECODERS`.
BLOCKS = {
    "light_weight": Blocks(kernel=1, unit=None, dropout=0.0),
    "light_weight_rcu": Blocks(kernel=1, unit=BottleneckUnit, dropout=0.0),
    "original": Blocks(kernel=3, unit=ResidualConvUnit, dropout=0.5),
}


class ChainedResidualPooling(nn.Module):
    """CRP: a chain of 5x5 max-pool and convolution, every link added to the sum (paper, Fig. 1).

    Args:
        channels: Channels of the map.
        kernel: Side of the convolutions' kernels.
    """

    def __init__(self, channels: int, kernel: int = 1) -> None:
        super().__init__()
        self.pool: nn.Module = nn.MaxPool2d(5, stride=1, padding=2)
        self.stages = nn.ModuleList(conv(channels, channels, kernel) for _ in range(CRP_STAGES))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to the same shape."""
        total, _ = self.chain(x)
        return total

    def chain(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sum of ``(N, channels, H, W)`` and all links, and the last link."""
        link = x
        for stage in self.stages:
            link = stage(self.pool(link))
            x = x + link
        return x, link


class TapSum(nn.ModuleList):
    """The first convolution of each of a level's taps, and the sum of what they make.

    Args:
        convs: The convolutions, that of the deepest tap first.
        dropouts: Probability for each tap of dropping a value of it in training.
    """

    def __init__(self, convs: Iterable[nn.Conv2d], dropouts: Iterable[float]) -> None:
        super().__init__(convs)
        self.dropouts = list(dropouts)

    def forward(self, taps: Sequence[Tensor]) -> Tensor:
        """Map taps ``(N, c, H, W)`` of one size to ``(N, width, H, W)``."""
        total: Tensor | None = None
        for tap, probability, reduce in zip(taps, self.dropouts, self, strict=True):
            if probability:
                tap = dropout(tap, probability, training=self.training)
            total = reduce(tap) if total is None else total + reduce(tap)
        assert total is not None  # a level is built from at least one tap
        return total


class Level(nn.Module):
    """One resolution of the decoder: its taps and the deeper path fused, CRP, the way upwards.

    Args:
        taps: The encoder's taps of this resolution.
        width: Channels that this level works in.
        width_up: Channels handed to the next level, or None at the shallowest.
        adapt: Whether a second convolution follows the first.
        activation: What follows the sum.
        blocks: What the level is built from.
    """

    def __init__(
        self,
        taps: Sequence[Tap],
        width: int,
        width_up: int | None,
        adapt: bool,
        activation: Callable[[Tensor], Tensor],
        blocks: Blocks = BLOCKS[DEFAULT_DECODER],
    ) -> None:
        super().__init__()
        kernel, unit = blocks.kernel, blocks.unit
        self.reduce: nn.Module = TapSum(
            (conv(tap.channels, width, kernel) for tap in taps), (tap.dropout for tap in taps)
        )
        # Without units these are empty, and hand on what they get.
        self.rcus_in = nn.Sequential(*(unit(width) for _ in range(RCUS_IN) if unit))
        self.adapt = conv(width, width, kernel) if adapt else None
        self.activation = activation
        self.crp: nn.Module = ChainedResidualPooling(width, kernel)
        self.rcus_out = nn.Sequential(*(unit(width) for _ in range(RCUS_OUT) if unit))
        self.project = conv(width, width_up, kernel) if width_up else None

    def forward(self, taps: Sequence[Tensor], deeper: Tensor | None) -> Tensor:
        """Fuse taps ``(N, c, H, W)`` of one size with the deeper path ``(N, width, h, w)``.

        The deeper path is upsampled bilinearly with aligned corners.
        """
        total: Tensor = self.rcus_in(self.reduce(taps))
        if self.adapt is not None:
            total = self.adapt(total)
        if deeper is not None:
            size = total.shape[2:]
            total = total + interpolate(deeper, size=size, mode="bilinear", align_corners=True)
        out: Tensor = self.rcus_out(self.crp(self.activation(total)))
        return out if self.project is None else self.project(out)


class Decoder(nn.Module):
    """A decoder for an encoder's taps, deepest level first.

    Args:
        taps: The encoder's taps, shallowest first; taps of equal stride share a level.
        form: Widths and details that go with the encoder.
        blocks: What it is built from: `BLOCKS`.
    """

    def __init__(
        self, taps: Iterable[Tap], form: DecoderForm, blocks: Blocks = BLOCKS[DEFAULT_DECODER]
    ) -> None:
        super().__init__()
        deepest_first = reversed(list(taps))
        groups = [list(group) for _, group in groupby(deepest_first, key=lambda tap: tap.stride)]
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
                    blocks=blocks,
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
