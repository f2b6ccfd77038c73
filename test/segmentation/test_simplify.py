# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Every rewrite against the plain network."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch
from reference import filled, mobile_shapes, resnet_shapes
from torch import nn
from torch.nn.functional import conv2d

from lwrf_ros.backbones import DECODERS
from lwrf_ros.network import RefineNet, build_network, randomise
from lwrf_ros.segmentation.simplify import (
    Rewrites,
    ShiftedSum,
    chained,
    positions_apart,
    side_by_side,
    simplify,
)
from lwrf_ros.weights.checkpoint import load_weights

CLASSES = 3
NONE = Rewrites(**{field.name: False for field in fields(Rewrites)})
ONE_EACH = [NONE, *(replace(NONE, **{field.name: True}) for field in fields(Rewrites))]
ALL = Rewrites(**{field.name: True for field in fields(Rewrites)})


@pytest.fixture(scope="module", params=["mobilenet_v2", "resnet50"])
def network(request: pytest.FixtureRequest) -> RefineNet:
    network = build_network(request.param, CLASSES)
    shapes = (
        mobile_shapes(CLASSES) if request.param == "mobilenet_v2" else resnet_shapes(50, CLASSES)
    )
    load_weights(network, filled(shapes))
    return network


@pytest.fixture(scope="module", params=DECODERS)
def nasnet(request: pytest.FixtureRequest) -> RefineNet:
    """A network with every kind of module, with each decoder."""
    network = build_network("nasnet_mobile", CLASSES, request.param)
    randomise(network, 0)
    statistics = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1, generator=statistics)
            module.running_var.uniform_(0.8, 1.2, generator=statistics)
    return network


def image(height: int, width: int) -> torch.Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("rewrites", [*ONE_EACH, ALL, Rewrites()], ids=str)
@pytest.mark.parametrize("size", [(64, 96), (33, 50)])
def test_the_output_stays(network: RefineNet, rewrites: Rewrites, size: tuple[int, int]) -> None:
    x = image(*size)
    with torch.inference_mode():
        wanted, got = network(x), simplify(network, rewrites)(x)
    assert wanted.std() > 1e-3  # or nothing is shown
    scale = float(wanted.abs().max())
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("rewrites", [ALL, Rewrites(), NONE], ids=str)
def test_the_output_stays_for_every_decoder(nasnet: RefineNet, rewrites: Rewrites) -> None:
    x = image(61, 70)
    with torch.inference_mode():
        wanted, got = nasnet(x), simplify(nasnet, rewrites)(x)
    assert kinds(simplify(nasnet, rewrites), nn.BatchNorm2d) == 0
    assert wanted.shape == (2, CLASSES, 16, 18) and wanted.std() > 1e-3
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-5 * float(wanted.abs().max()))


def test_the_network_stays_as_it_was(network: RefineNet) -> None:
    network.train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    simplified = simplify(network, ALL)
    with torch.inference_mode():
        simplified(image(32, 32))
    assert network.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert network.training and not simplified.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert not any(parameter.requires_grad for parameter in simplified.parameters())
    own = {parameter.data_ptr() for parameter in network.parameters()}
    assert own.isdisjoint(parameter.data_ptr() for parameter in simplified.parameters())
    network.eval()


def kinds(module: nn.Module, kind: type[nn.Module]) -> int:
    return sum(isinstance(part, kind) for part in module.modules())


def test_what_each_rewrite_takes_away(network: RefineNet) -> None:
    mobile = network.backbone == "mobilenet_v2"
    plain = simplify(network, NONE)
    assert kinds(plain, nn.BatchNorm2d) == 0 < kinds(network, nn.BatchNorm2d)
    assert kinds(plain, nn.Conv2d) == kinds(network, nn.Conv2d)

    def less(name: str) -> int:
        rewritten = simplify(network, replace(NONE, **{name: True}))
        return kinds(plain, nn.Conv2d) - kinds(rewritten, nn.Conv2d)

    # Three levels of the ResNet decoder have pairs; two of MobileNet's sum two taps.
    assert less("merge_pairs") == (0 if mobile else 3)
    assert less("join_sums") == (2 if mobile else 0)
    # The stage goes, its merged form comes: what is saved is one image-sized map.
    assert less("merge_last_stage") == 0
    separable = simplify(network, replace(NONE, separable_pool=True))
    assert kinds(separable, nn.MaxPool2d) == kinds(plain, nn.MaxPool2d) + 4


# ---- the parts, by hand


def conv(weight: list[list[float]]) -> nn.Conv2d:
    """Return a 1x1 without bias of a matrix ``(out, in)``."""
    made = nn.Conv2d(len(weight[0]), len(weight), 1, bias=False)
    made.weight.data = torch.tensor(weight)[:, :, None, None]
    return made


def test_two_in_a_row_are_their_matrix_product() -> None:
    merged = chained(conv([[1.0, 2.0], [0.0, 1.0]]), conv([[3.0, 4.0]]))
    assert merged.weight.flatten().tolist() == [3.0, 10.0]
    assert merged.bias is None


def test_a_sum_is_side_by_side() -> None:
    joined = side_by_side([conv([[1.0], [2.0]]), conv([[3.0, 4.0], [5.0, 6.0]])])
    assert joined.weight[:, :, 0, 0].tolist() == [[1.0, 3.0, 4.0], [2.0, 5.0, 6.0]]


def test_the_positions_of_a_3x3_are_summed_where_they_belong() -> None:
    classifier = nn.Conv2d(1, 1, 3, padding=1)
    classifier.weight.data = torch.arange(1.0, 10.0).view(1, 1, 3, 3)
    classifier.bias.data.fill_(100.0)
    x = torch.zeros(1, 1, 2, 3)
    x[0, 0, 0, 1] = 1.0
    parts = conv2d(x, positions_apart(classifier).weight)
    got = ShiftedSum(classifier.bias.detach())(parts)
    # The one pixel is seen by its neighbours through the tap that points at it.
    assert got[0, 0].tolist() == [[106.0, 105.0, 104.0], [103.0, 102.0, 101.0]]
