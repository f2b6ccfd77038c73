# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Encoders: the taps' shapes, the blocks against plain functions, no dead shortcut."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from lwrf_ros.backbones import BACKBONES
from lwrf_ros.network import build_network
from lwrf_ros.network.encoders.blocks import ConvNorm
from lwrf_ros.network.encoders.mobilenet_v2 import InvertedResidual, MobileNetV2
from lwrf_ros.network.encoders.nasnet_mobile import FactorisedReduction, NASNetMobile, Separable
from lwrf_ros.network.encoders.resnet import Bottleneck, resnet50

SIZES = [(32, 32), (33, 32), (45, 63), (64, 96), (97, 129)]


def randomised(module: nn.Module) -> nn.Module:
    """Give every parameter and every statistic of a module a value of its own."""
    generator = torch.Generator().manual_seed(1)
    for name, value in [*module.named_parameters(), *module.named_buffers()]:
        if value.is_floating_point():
            noise = torch.randn(value.shape, generator=generator)
            value.data = 1 + 0.1 * noise.abs() if "running_var" in name else 0.3 * noise
    return module.eval()


def conv_norm(x: Tensor, block: ConvNorm, **how: int) -> Tensor:
    """Convolve and normalise by the formula: (y - mean) / sqrt(var + 1e-5) * weight + bias."""
    y = F.conv2d(x, block.conv.weight, **how)
    mean, var = block.norm.running_mean, block.norm.running_var
    assert mean is not None and var is not None
    mean, var, weight, bias = (v[:, None, None] for v in (mean, var, *block.norm.parameters()))
    return (y - mean) / (var + 1e-5).sqrt() * weight + bias


def ceil_div(size: tuple[int, int], stride: int) -> tuple[int, ...]:
    return tuple(-(-side // stride) for side in size)


@pytest.mark.parametrize("size", SIZES)
def test_mobilenet_v2_taps(size: tuple[int, int]) -> None:
    with torch.device("meta"):
        taps = MobileNetV2()(torch.empty(2, 3, *size))
    channels_strides = [(24, 4), (32, 8), (64, 16), (96, 16), (160, 32), (320, 32)]
    wanted = [(2, channels, *ceil_div(size, stride)) for channels, stride in channels_strides]
    assert [tuple(tap.shape) for tap in taps] == wanted


@pytest.mark.parametrize("size", SIZES)
def test_resnet_taps(size: tuple[int, int]) -> None:
    with torch.device("meta"):
        taps = resnet50()(torch.empty(2, 3, *size))
    channels_strides = [(256, 4), (512, 8), (1024, 16), (2048, 32)]
    wanted = [(2, channels, *ceil_div(size, stride)) for channels, stride in channels_strides]
    assert [tuple(tap.shape) for tap in taps] == wanted


@pytest.mark.parametrize("size", [(32, 32), (36, 40), (64, 96), (100, 132)])
def test_nasnet_mobile_taps(size: tuple[int, int]) -> None:
    with torch.device("meta"):
        taps = NASNetMobile()(torch.empty(2, 3, *size))
    # An odd size is halved downwards from stride 4 on.
    wanted = [
        (2, channels, *(side // stride for side in size))
        for channels, stride in [(44, 4), (264, 8), (528, 16), (1056, 32)]
    ]
    assert [tuple(tap.shape) for tap in taps] == wanted


def test_odd_and_even_rows_are_joined_by_a_factorised_reduction() -> None:
    for round_up, wanted in ((False, [[0, 2], [1, 3]]), (True, [[0, 2, 4], [1, 3, 0]])):
        reduction = FactorisedReduction(1, 2, round_up).eval()
        for conv in reduction.convs:
            conv.weight.data.fill_(1.0)
        reduction.norm.eps = 0.0
        x = torch.arange(5.0).view(1, 1, 5, 1).expand(1, 1, 5, 5)
        out = reduction(x)[0]
        assert [rows[:, 0].tolist() for rows in out] == wanted


@pytest.mark.parametrize(("on_odd", "centre"), [(False, 2), (True, 1)])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_what_a_halving_separable_convolution_is_centred_on(
    on_odd: bool, centre: int, kernel: int
) -> None:
    separable = Separable(1, 1, kernel, 2, on_odd).eval()
    for conv in (separable.spread, separable.spread_again):
        conv.weight.data.zero_()
        conv.weight.data[0, 0, kernel // 2, kernel // 2] = 1.0
    for block in (separable.mix, separable.mix_again):
        block.conv.weight.data.fill_(1.0)
        block.norm.eps = 0.0
    x = torch.zeros(1, 1, 8, 8)
    x[0, 0, centre, centre] = 5.0
    out = separable(x)[0, 0]
    assert out.shape == (4, 4)
    at = centre // 2
    assert out[at, at] == 5.0
    assert out.sum() == 5.0


@pytest.mark.parametrize("backbone", BACKBONES)
def test_taps_are_as_described(backbone: str) -> None:
    with torch.device("meta"):
        encoder = build_network(backbone, 2).encoder
        taps = encoder(torch.empty(1, 3, 64, 128))
    for tap, described in zip(taps, encoder.taps, strict=True):
        assert tap.shape[1] == described.channels
        assert tap.shape[2:] == (64 // described.stride, 128 // described.stride)


@pytest.mark.parametrize(
    ("backbone", "depths"),
    [("resnet50", [3, 4, 6, 3]), ("resnet101", [3, 4, 23, 3]), ("resnet152", [3, 8, 36, 3])],
)
def test_resnet_depths(backbone: str, depths: list[int]) -> None:
    with torch.device("meta"):
        encoder = build_network(backbone, 2).encoder
    assert [len(stage) for stage in encoder.stages] == depths


def test_only_the_two_deepest_resnet_taps_are_dropped_out() -> None:
    with torch.device("meta"):
        assert [tap.dropout for tap in resnet50().taps] == [0, 0, 0.5, 0.5]
        assert {tap.dropout for tap in MobileNetV2().taps} == {0}


@pytest.mark.parametrize("stride", [1, 2])
def test_bottleneck(stride: int) -> None:
    block = randomised(Bottleneck(16, 4, stride))
    x = torch.randn(2, 16, 7, 9, generator=torch.Generator().manual_seed(2))
    y = F.relu(conv_norm(x, block.reduce))
    y = F.relu(conv_norm(y, block.spatial, stride=stride, padding=1))
    y = conv_norm(y, block.expand)
    residual = conv_norm(x, block.shortcut, stride=stride) if stride == 2 else x
    torch.testing.assert_close(block(x), F.relu(y + residual))


def test_bottleneck_projects_where_the_channels_change() -> None:
    assert Bottleneck(16, 4, 1).shortcut is None
    assert Bottleneck(12, 4, 1).shortcut is not None


@pytest.mark.parametrize(
    ("channels_out", "expansion", "stride", "adds"),
    [(8, 6, 1, True), (8, 1, 1, True), (12, 6, 1, False), (8, 6, 2, False)],
)
def test_inverted_residual(channels_out: int, expansion: int, stride: int, adds: bool) -> None:
    block = randomised(InvertedResidual(8, channels_out, expansion, stride))
    x = 5 * torch.randn(2, 8, 7, 9, generator=torch.Generator().manual_seed(3))
    y = conv_norm(x, block.expand).clamp(0, 6)
    y = conv_norm(y, block.depthwise, stride=stride, padding=1, groups=8 * expansion).clamp(0, 6)
    y = conv_norm(y, block.project)
    torch.testing.assert_close(block(x), x + y if adds else y)
