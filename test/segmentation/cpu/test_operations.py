# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Each operation that an encoder may use gives on a CPU what torch gives, alone and combined."""

from __future__ import annotations

import pytest
import torch
from cpu_runs import run
from torch import Tensor, nn
from torch.nn import functional

from lwrf_ros.segmentation.cpu.planning.graph import UnknownOperationError, plan_network

SIZE = (13, 18)


class Gated(nn.Module):
    """Squeeze and excitation: the map times a number for each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.excite = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * functional.hardsigmoid(self.excite(self.squeeze(x)))


class Masked(nn.Module):
    """The map times a number for each pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.mask = nn.Conv2d(3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        masked: Tensor = x * self.mask(x)
        return masked


class Applied(nn.Module):
    """A function as a network."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x + x)  # type: ignore[operator,no-any-return]


def image() -> Tensor:
    return 5 * torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "network",
    [
        nn.ReLU(),
        nn.ReLU6(),
        nn.SiLU(),
        nn.Sigmoid(),
        nn.Hardswish(),
        nn.Hardsigmoid(),
        nn.AdaptiveAvgPool2d(1),
        nn.MaxPool2d(3, 2, 1, ceil_mode=True),
        nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        nn.MaxPool2d(5, 1, 2),
        nn.AvgPool2d(2),
        nn.Conv2d(3, 6, 5, 2, 2, groups=3),
        nn.Conv2d(3, 3, 7, 2, 3, groups=3),
        nn.Conv2d(3, 37, 1, bias=False),
        nn.Conv2d(3, 5, 4, 3),
        nn.Conv2d(3, 5, 1, padding=2),
        nn.Sequential(nn.MaxPool2d(3), nn.Conv2d(3, 5, 1, padding=1)),
        Gated(),
        *map(
            Applied,
            (
                functional.relu,
                functional.relu6,
                functional.silu,
                functional.hardswish,
                torch.sigmoid,
                torch.relu,
            ),
        ),
    ],
    ids=lambda network: getattr(getattr(network, "function", type(network)), "__name__", None),
)
@torch.inference_mode()
def test_an_operation_gives_what_torch_gives(network: nn.Module) -> None:
    # In a container, as an encoder has it: tracing steps into the outermost module.
    got = run(nn.Sequential(network), image())
    torch.testing.assert_close(got, network(image()), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("network", "name"),
    [
        (nn.GELU(), "GELU"),
        (Applied(torch.tanh), "tanh"),
        (nn.PReLU(), "PReLU"),
        (nn.Conv2d(3, 4, 13), "a Conv2d with a kernel of 13x13"),
        (nn.Conv2d(3, 4, 3, dilation=2), "a dilated or differently padded Conv2d"),
        (nn.Conv2d(3, 4, (1, 3)), r"a Conv2d with kernel_size \(1, 3\)"),
        (nn.AvgPool2d(3, padding=1), "an AvgPool2d that counts its padding"),
        (
            Applied(lambda x: functional.interpolate(x, scale_factor=2)),
            "an interpolate that is not bilinear with aligned corners",
        ),
        (Applied(lambda x: functional.pad(x, (1, 1), value=2.0)), "a pad with something else"),
        (Applied(lambda x: functional.pad(x, (1, 1), "reflect")), "a pad with something else"),
        (Applied(lambda x: torch.cat([x, x], 2)), "a cat of something else than channels"),
        (nn.MaxPool2d(3, dilation=2), "a dilated MaxPool2d"),
        (nn.AvgPool2d(2, divisor_override=3), "an AvgPool2d with a divisor of its own"),
        (Masked(), "a product of maps of two sizes"),
        (Applied(lambda x: x + functional.adaptive_avg_pool2d(x, 1)), "adaptive_avg_pool2d"),
    ],
)
def test_an_unknown_operation_is_named_with_the_way_out(network: nn.Module, name: str) -> None:
    with pytest.raises(UnknownOperationError, match=rf"computes {name}.*, .*docs/backbones\.md"):
        plan_network(nn.Sequential(network), SIZE)
