# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Parameters and operations of a network, counted as the paper's Table 1 counts them."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


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
    total = 0

    def add(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv2d)
        kernel_height, kernel_width = module.kernel_size
        per_output = module.in_channels // module.groups * kernel_height * kernel_width
        total += output.numel() * per_output

    hollow = copy.deepcopy(network).to("meta")
    for module in hollow.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(add)
    with torch.inference_mode():
        hollow(torch.empty(1, 3, height_px, width_px, device="meta"))
    return total
