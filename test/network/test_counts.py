# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Parameters and operations: small networks counted by hand, the four against the paper."""

from __future__ import annotations

from functools import lru_cache

import pytest
import torch
from torch import nn

from lwrf_ros.network import build_network
from lwrf_ros.network.counts import count_operations, count_parameters

# The paper's tables at 512x512 with 21 classes, rounded there to two digits, and the published
# networks counted exactly to 0.01: convolutions only, a multiply-add is one operation.
PAPER = {
    "resnet50": (27, 33),
    "resnet101": (46, 52),
    "resnet152": (62, 71),
    "mobilenet_v2": (3.3, 9.3),
}
PUBLISHED = {
    "resnet50": (27.36, 31.98),
    "resnet101": (46.35, 51.37),
    "resnet152": (61.99, 70.77),
    "mobilenet_v2": (3.28, 8.58),
}


@lru_cache
def counts_of(backbone: str) -> tuple[float, float]:
    """Return parameters in millions and operations in thousands of millions."""
    with torch.device("meta"):
        network = build_network(backbone, 21)
    return count_parameters(network) / 1e6, count_operations(network, 512, 512) / 1e9


@pytest.mark.parametrize("backbone", PUBLISHED)
def test_counts_of_the_published_networks(backbone: str) -> None:
    assert counts_of(backbone) == pytest.approx(PUBLISHED[backbone], abs=0.006)


@pytest.mark.parametrize("backbone", PAPER)
def test_counts_agree_with_the_paper(backbone: str) -> None:
    parameters, operations = counts_of(backbone)
    paper_parameters, paper_operations = PAPER[backbone]
    assert parameters == pytest.approx(paper_parameters, rel=0.02)
    # The paper counts more than convolutions: up to 1.1 G for the ResNets, 0.8 G for MobileNet-v2.
    assert paper_operations - 1.1 <= operations <= paper_operations


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
