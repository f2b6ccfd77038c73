# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Parameters and operations: small networks counted by hand, the paper's against its tables."""

from __future__ import annotations

from functools import lru_cache

import pytest
import torch
from torch import nn

from lwrf_ros.network import build_network
from lwrf_ros.network.counts import count_operations, count_parameters

# The paper's tables at 512x512 with 21 classes, rounded there to two digits, and the published
# networks counted exactly to 0.01: convolutions only, a multiply-add is one operation.
# The paper gives no parameters for NASNet-Mobile, and no operations for the original on ResNet-50.
PAPER = {
    ("resnet50", "light_weight"): (27, 33),
    ("resnet101", "light_weight"): (46, 52),
    ("resnet152", "light_weight"): (62, 71),
    ("mobilenet_v2", "light_weight"): (3.3, 9.3),
    ("nasnet_mobile", "light_weight"): (None, 11.4),
    ("resnet101", "light_weight_rcu"): (54, 76),
    ("resnet50", "original"): (99, None),
    ("resnet101", "original"): (118, 263),
    ("resnet152", "original"): (134, 283),
}
PUBLISHED = {
    ("resnet50", "light_weight"): (27.36, 31.98),
    ("resnet101", "light_weight"): (46.35, 51.37),
    ("resnet152", "light_weight"): (61.99, 70.77),
    ("mobilenet_v2", "light_weight"): (3.28, 8.58),
    ("resnet50", "original"): (99.06, 243.5),
    ("resnet101", "original"): (118.05, 262.9),
    ("resnet152", "original"): (133.70, 282.3),
}
Network = tuple[str, str]


@lru_cache
def counts_of(backbone: str, decoder: str) -> tuple[float, float]:
    """Return parameters in millions and operations in thousands of millions."""
    with torch.device("meta"):
        network = build_network(backbone, 21, decoder)
    return count_parameters(network) / 1e6, count_operations(network, 512, 512) / 1e9


@pytest.mark.parametrize("network", PUBLISHED, ids="-".join)
def test_counts_of_the_published_networks(network: Network) -> None:
    parameters, operations = counts_of(*network)
    assert parameters == pytest.approx(PUBLISHED[network][0], abs=0.006)
    # Published to 0.1 for the original form.
    assert operations == pytest.approx(
        PUBLISHED[network][1], abs=0.05 if "original" in network else 0.006
    )


@pytest.mark.parametrize("network", PAPER, ids="-".join)
def test_counts_agree_with_the_paper(network: Network) -> None:
    parameters, operations = counts_of(*network)
    paper_parameters, paper_operations = PAPER[network]
    if paper_parameters:
        assert parameters == pytest.approx(paper_parameters, rel=0.02)
    if paper_operations:
        # The paper counts more than convolutions: up to 1.1 G for the ResNets and for
        # NASNet-Mobile, 0.8 G for MobileNet-v2.
        assert paper_operations - 1.1 <= operations <= paper_operations


@pytest.mark.parametrize("backbone", ["resnet50", "resnet101", "resnet152"])
def test_the_papers_claim_of_section_3(backbone: str) -> None:
    """More than twice fewer parameters, more than three times fewer operations."""
    original, light = counts_of(backbone, "original"), counts_of(backbone, "light_weight")
    assert original[0] > 2 * light[0]
    assert original[1] > 3 * light[1]


def test_a_convolution_counted_by_hand() -> None:
    # 5 maps of 4x6 (stride 2), 3 channels, 3x3: 5 * 24 * 27; 5 * 27 weights and 5 biases.
    conv = nn.Conv2d(3, 5, 3, stride=2, padding=1)
    assert count_operations(conv, 8, 12) == 3240
    assert count_parameters(conv) == 140


def test_groups_and_uneven_kernels_counted_by_hand() -> None:
    # 1x5 without padding: 6 maps of 8x8 over 1 channel each; then a 1x1 over 6 channels to 2.
    network = nn.Sequential(
        nn.Conv2d(3, 6, (1, 5), groups=3, bias=False), nn.ReLU(), nn.Conv2d(6, 2, 1, bias=False)
    )
    assert count_operations(network, 8, 12) == 6 * 64 * 5 + 2 * 64 * 6
    assert count_parameters(network) == 6 * 5 + 2 * 6


def test_statistics_are_not_parameters() -> None:
    assert count_parameters(nn.BatchNorm2d(7)) == 14


def test_counting_leaves_the_network_alone() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)).eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    count_operations(network, 8, 8)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert not network[0]._forward_hooks
