# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Parameters and operations of a network, counted as the paper's Table 1 counts them."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(network: nn.Module) -> int:
    """Count the learnable parameters."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_operations(network: nn.Module, height_px: int, width_px: int) -> int:
    """Count the multiply-adds of all convolutions for one image.

    Nothing is computed: a copy of the network runs on torch's meta device.

    Args:
        network: Takes ``(1, 3, height_px, width_px)``.
        height_px: Height of the image.
        width_px: Width of the image.

    Returns:
        Number of operations; one multiply-add is one operation.
    """
    hollow = copy.deepcopy(network).to("meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        hollow(torch.empty(1, 3, height_px, width_px, device="meta"))
    # torch counts the addition apart.
    return int(counter.get_total_flops()) // 2
