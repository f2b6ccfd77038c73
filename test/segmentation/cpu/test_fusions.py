# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is taken together in one step gives what torch gives, and is taken together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from cpu_runs import assert_same, steps_of
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad, relu, relu6

from lwrf_ros.network import build_network
from lwrf_ros.network.decoder import ChainedResidualPooling
from lwrf_ros.segmentation.cpu.kernels.records import Kind, Prologue
from lwrf_ros.segmentation.simplify import Rewrites, simplify

SIZES = [(1, 1), (2, 3), (7, 18), (16, 33)]


class Body(nn.Module):
    """A function of a map of 24 channels, made from the image and rectified as an encoder's."""

    def __init__(self, function: Callable[..., Tensor], *parts: nn.Module) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 3, padding=1)
        self.function = function
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(relu(self.stem(x)), *self.parts)


def image(size: tuple[int, int]) -> Tensor:
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(2))


def depthwise(channels: int, kernel: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kernel", [3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_an_inverted_residual(
    size: tuple[int, int], kernel: int, stride: int, threads: int
) -> None:
    def block(x: Tensor, expand: nn.Module, spread: nn.Module, project: nn.Module) -> Tensor:
        y = project(relu6(spread(relu6(expand(x)))))
        return x + y if stride == 1 else y

    parts = nn.Conv2d(24, 60, 1), depthwise(60, kernel, stride), nn.Conv2d(60, 24, 1)
    network = Body(block, *parts)
    assert_same(network, image(size), threads)
    kinds = [step.kind for step in steps_of(network, size)]
    assert kinds == [Kind.IMAGE, Kind.PRODUCT, Kind.PRODUCT, Kind.LOGITS]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("kernel", "stride"), [(1, 1), (1, 2), (2, 2), (3, 1), (3, 2), (5, 1), (7, 2)]
)
@pytest.mark.parametrize("channels", [1, 17, 70])
def test_a_convolution(size: tuple[int, int], kernel: int, stride: int, channels: int) -> None:
    def with_relu(x: Tensor, conv: nn.Module) -> Tensor:
        return relu(conv(x))

    conv = nn.Conv2d(24, channels, kernel, stride, kernel // 2)
    assert_same(Body(with_relu, conv), image(size))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [32, 50])
def test_a_3x3_by_fewer_products(size: tuple[int, int], channels: int) -> None:
    def unit(x: Tensor, expand: nn.Module, first: nn.Module, last: nn.Module) -> Tensor:
        x = expand(x)
        return relu(x + last(relu(first(x))))

    convs = [nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2)]
    network = Body(unit, nn.Conv2d(24, channels, 1), *convs)
    assert_same(network, image(size))
    kinds = [step.kind for step in steps_of(network, size)]
    assert kinds.count(Kind.WINOGRAD) == 2
    # The sum and the ReLU are part of it.
    assert len(kinds) == 6


@pytest.mark.parametrize("size", SIZES)
def test_chained_residual_pooling(size: tuple[int, int]) -> None:
    def crp(x: Tensor, chain: nn.Module, project: nn.Module) -> Tensor:
        return project(chain(x))

    network = Body(crp, ChainedResidualPooling(24), nn.Conv2d(24, 11, 1))
    assert_same(network, image(size))
    steps = steps_of(network, size)
    # Image, stem, four links, the projection, planes.
    assert [step.kind for step in steps].count(Kind.PRODUCT) == len(steps) - 2 == 6
    assert steps[5].addend is not None
    assert steps[5].addend.prologue == Prologue.SUM


@pytest.mark.parametrize("size", SIZES)
def test_a_level_of_the_decoder(size: tuple[int, int]) -> None:
    def level(x: Tensor, first: nn.Module, second: nn.Module, deeper: nn.Module) -> Tensor:
        total = first(x) + second(x)
        deep = deeper(x)
        return relu6(
            total + interpolate(deep, total.shape[2:], mode="bilinear", align_corners=True)
        )

    parts = nn.Conv2d(24, 40, 1), nn.Conv2d(24, 40, 1), nn.Conv2d(24, 40, 3, 2, 1)
    network = Body(level, *parts)
    assert_same(network, image(size))
    assert [step.kind for step in steps_of(network, size)].count(Kind.PRODUCT) == 3


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + x,
        lambda x: relu(x + x * x),
        lambda x: torch.cat([x, relu6(x), x], dim=1),
        lambda x: pad(x, (1, -2, 0, 3)),
        lambda x: torch.cat([pad(x, (1, 0, 2, 0)), pad(x, (0, 1, 0, 2))], dim=1),
        lambda x: interpolate(x, size=(20, x.shape[3]), mode="bilinear", align_corners=True),
        lambda x: (x + relu6(x)) + (torch.sigmoid(x) + x * x) + (x * torch.sigmoid(x) + x),
    ],
)
def test_what_no_convolution_follows(function: Callable[[Tensor], Tensor]) -> None:
    assert_same(Body(function), image((9, 11)))


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "resnet50", "nasnet_mobile"])
@pytest.mark.parametrize("classes", [2, 40])
def test_whole_networks_at_the_least_size(backbone: str, classes: int) -> None:
    network = build_network(backbone, classes)
    size = (64, 64) if backbone == "nasnet_mobile" else (32, 32)
    rewrites = Rewrites(merge_last_stage=classes < 28, split_classifier=True)
    simple = simplify(network, rewrites)
    simple.assemble = nn.Identity()
    assert_same(simple, image(size))
    kinds = {step.kind for step in steps_of(simple, size)}
    if backbone == "mobilenet_v2":
        # Nothing is a step of its own but convolutions, with all that is around them.
        assert kinds == {Kind.IMAGE, Kind.PRODUCT, Kind.LOGITS}
    elif backbone == "resnet50":
        # And the pool behind the first convolution.
        assert kinds == {Kind.IMAGE, Kind.PRODUCT, Kind.WINOGRAD, Kind.PROLOGUE, Kind.LOGITS}
