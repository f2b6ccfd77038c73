# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""NASNet-A-Mobile (4 @ 1056) as an encoder (Zoph et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from lwrf_ros.network.encoders.blocks import ConvNorm, JointNorm, Tap

STEM_CHANNELS = 32
CHANNELS = 44
EPSILON = 1e-3

# Of a cell: what it joins at its end, and its five pairs. The two operations of a pair are added;
# each names what it is applied to: "h" is the cell before, "p" the one before that, both as the
# cell adjusts them, and a number an earlier pair's sum. "sep" is a separable convolution with its
# kernel's side, "max" and "avg" are 3x3 pools, "same" is nothing. "/2" halves the size.
NORMAL = (
    ("p", 0, 1, 2, 3, 4),
    (
        (("sep5", "h"), ("sep3", "p")),
        (("sep5", "p"), ("sep3", "p")),
        (("avg", "h"), ("same", "p")),
        (("avg", "p"), ("avg", "p")),
        (("sep3", "h"), ("same", "h")),
    ),
)
REDUCTION = (
    (1, 2, 3, 4),
    (
        (("sep5/2", "h"), ("sep7/2", "p")),
        (("max/2", "h"), ("sep7/2", "p")),
        (("avg/2", "h"), ("sep5/2", "p")),
        (("same", 1), ("avg", 0)),
        (("sep3", 0), ("max/2", "h")),
    ),
)
# Name (the public checkpoint's, which leaves numbers out), kind, channels. The cells of a size.
CELLS = (
    ("cell_stem_0", REDUCTION, CHANNELS // 4),
    ("cell_stem_1", REDUCTION, CHANNELS // 2),
    *((f"cell_{number}", NORMAL, CHANNELS) for number in range(4)),
    ("reduction_cell_0", REDUCTION, 2 * CHANNELS),
    *((f"cell_{number}", NORMAL, 2 * CHANNELS) for number in range(6, 10)),
    ("reduction_cell_1", REDUCTION, 4 * CHANNELS),
    *((f"cell_{number}", NORMAL, 4 * CHANNELS) for number in range(12, 16)),
)
TAPPED = ("cell_stem_0", "cell_3", "cell_9", "cell_15")


class Separable(nn.Module):
    """Twice a depthwise and a 1x1 convolution with batch norm, a ReLU between them."""

    def __init__(
        self, channels_in: int, channels: int, kernel: int, stride: int, on_odd: bool
    ) -> None:
        super().__init__()
        half = kernel // 2
        # Centred on the odd rows and columns: a pixel less before.
        self.padding = (half - 1, half, half - 1, half) if on_odd else None
        self.spread = _depthwise(channels_in, kernel, stride, 0 if on_odd else half)
        self.mix = ConvNorm(channels_in, channels, 1, epsilon=EPSILON)
        self.spread_again = _depthwise(channels, kernel, 1, half)
        self.mix_again = ConvNorm(channels, channels, 1, epsilon=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels_in, H, W)`` to ``(N, channels, ...)`` of that size or half of it."""
        if self.padding is not None:
            x = pad(x, self.padding)
        x = relu(self.mix(self.spread(x)))
        return self.mix_again(self.spread_again(x))


class FactorisedReduction(JointNorm):
    """Halves a map: one 1x1 sees its even rows and columns, another its odd ones.

    Args:
        channels_in: Channels of the map.
        channels: Channels of the result, half of them each.
        round_up: Whether an odd size is halved upwards, with zeros for the odd row that is missing.
    """

    def __init__(self, channels_in: int, channels: int, round_up: bool) -> None:
        half = channels // 2
        super().__init__(
            (nn.Conv2d(channels_in, half, 1, stride=2, bias=False) for _ in range(2)),
            nn.BatchNorm2d(channels, eps=EPSILON),
        )
        # Rows and columns more or less, before and behind.
        self.framing = ((0, 0), (-1, 1)) if round_up else ((0, -1), (-1, 0))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels_in, H, W)`` to ``(N, channels, H/2, W/2)``."""
        halves = [
            conv(pad(x, 2 * framing) if any(framing) else x)
            for conv, framing in zip(self.convs, self.framing, strict=True)
        ]
        out: Tensor = self.norm(torch.cat(halves, dim=1))
        return out


class Pair(nn.Module):
    """Two operations, added."""

    def __init__(self, left: nn.Module, right: nn.Module) -> None:
        super().__init__()
        self.left = left
        self.right = right

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Add what the two make of their inputs."""
        total: Tensor = self.left(left) + self.right(right)
        return total


class Cell(nn.Module):
    """One cell: five pairs of operations on the two cells before.

    Args:
        kind: `NORMAL` or `REDUCTION`.
        channels: Channels of each pair.
        channels_before: Channels of the cell before.
        channels_earlier: Channels of the cell before that.
        shrink_earlier: Whether that one is twice as large.
        round_up: Whether an odd size of that one is halved upwards.
        first: Whether this is the very first cell: it takes the earlier map as it is, rectified,
            and halves on the even rows and columns, not on the odd ones.
    """

    def __init__(
        self,
        kind: tuple,
        channels: int,
        channels_before: int,
        channels_earlier: int,
        shrink_earlier: bool,
        round_up: bool,
        first: bool,
    ) -> None:
        super().__init__()
        self.joined, rows = kind
        self.sources = [(left[1], right[1]) for left, right in rows]
        # Separable convolutions and adjustments begin with a ReLU; one a map serves them all.
        self.rectified = [
            tuple(operation.startswith("sep") for operation, _ in row) for row in rows
        ]
        self.adjust = ConvNorm(channels_before, channels, 1, epsilon=EPSILON)
        self.adjust_earlier: nn.Module = nn.Identity()
        width = {"h": channels, "p": channels}
        if first:
            width["p"] = channels_earlier
        elif shrink_earlier:
            self.adjust_earlier = FactorisedReduction(channels_earlier, channels, round_up)
        else:
            self.adjust_earlier = ConvNorm(channels_earlier, channels, 1, epsilon=EPSILON)
        self.pairs = nn.ModuleList(
            Pair(
                *(
                    _operation(name, width.get(source, channels), channels, on_odd=not first)
                    for name, source in row
                )
            )
            for row in rows
        )

    def forward(self, before: Tensor, earlier: Tensor) -> Tensor:
        """Map the two cells before, ``(N, c, H, W)``, to this one's joined maps."""
        values: dict[str | int, Tensor] = {
            "h": self.adjust(relu(before)),
            "p": self.adjust_earlier(relu(earlier)),
        }
        rectified: dict[str | int, Tensor] = {}
        for number, (pair, sources, kinds) in enumerate(
            zip(self.pairs, self.sources, self.rectified, strict=True)
        ):
            inputs = []
            for source, rectify in zip(sources, kinds, strict=True):
                if rectify and source not in rectified:
                    rectified[source] = relu(values[source])
                inputs.append(rectified[source] if rectify else values[source])
            values[number] = pair(*inputs)
        return torch.cat([values[source] for source in self.joined], dim=1)


class NASNetMobile(nn.Module):
    """NASNet-A-Mobile without its head; four taps.

    The first convolution is not padded: a map at stride 4 has ``ceil(floor((H-1)/2) / 2)`` rows.
    They are ``ceil(H/4)``, as for every encoder here, where H is a multiple of 4.
    """

    mean = (0.5, 0.5, 0.5)
    std = (0.5, 0.5, 0.5)
    size_multiple = 4
    taps = (
        Tap(CHANNELS, 4),
        Tap(6 * CHANNELS, 8),
        Tap(12 * CHANNELS, 16),
        Tap(24 * CHANNELS, 32),
    )

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, STEM_CHANNELS, 3, stride=2, padding=0, epsilon=EPSILON)
        self.cells = nn.ModuleDict()
        # Channels and halvings of the two maps before.
        earlier = before = (STEM_CHANNELS, 0)
        for index, (name, kind, channels) in enumerate(CELLS):
            self.cells[name] = Cell(
                kind,
                channels,
                before[0],
                earlier[0],
                shrink_earlier=earlier[1] < before[1],
                # As the very first cell has halved it.
                round_up=index == 1,
                first=index == 0,
            )
            joined, _ = kind
            halvings = before[1] + (kind is REDUCTION)
            earlier, before = before, (len(joined) * channels, halvings)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map a normalised image ``(N, 3, H, W)`` to the four taps, shallowest first."""
        earlier = before = self.stem(x)
        taps = []
        for name, cell in self.cells.items():
            earlier, before = before, cell(before, earlier)
            if name in TAPPED:
                taps.append(before)
        return taps


def _operation(name: str, channels_in: int, channels: int, on_odd: bool) -> nn.Module:
    """Build an operation of a pair; one that halves is centred on odd or even rows and columns."""
    kind, _, reduction = name.partition("/")
    stride = int(reduction or 1)
    on_odd = on_odd and stride > 1
    if kind.startswith("sep"):
        return Separable(channels_in, channels, int(kind.removeprefix("sep")), stride, on_odd)
    # Without padding the first window is centred on pixel 1; the last may reach beyond the border.
    padding = 0 if on_odd else 1
    if kind == "max":
        return nn.MaxPool2d(3, stride, padding, ceil_mode=on_odd)
    if kind == "avg":
        return nn.AvgPool2d(3, stride, padding, ceil_mode=on_odd, count_include_pad=False)
    return nn.Identity()


def _depthwise(channels: int, kernel: int, stride: int, padding: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, kernel, stride, padding, groups=channels, bias=False)
