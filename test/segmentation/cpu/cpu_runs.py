# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Running any small network by the kernels for a CPU."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

from lwrf_ros.segmentation.cpu.execution import Program
from lwrf_ros.segmentation.cpu.planning.graph import plan_network
from lwrf_ros.segmentation.cpu.planning.steps import Step


def run(network: nn.Module, image: Tensor, threads: int = 2) -> Tensor:
    """Return what a network makes of an image ``(1, 3, H, W)``."""
    program = Program(plan_network(network, (image.shape[2], image.shape[3]))[0], threads)
    with ThreadPoolExecutor(max(1, threads - 1)) as helpers:
        program.run(image, helpers)
        # The second time all memory has been used before.
        return program.run(image, helpers).clone()


def steps_of(network: nn.Module, size: tuple[int, int]) -> list[Step]:
    """Return the steps of a network."""
    return plan_network(network, size)[0].steps


@torch.inference_mode()
def assert_same(network: nn.Module, image: Tensor, threads: int = 2) -> None:
    """Raise unless the kernels give what torch gives."""
    wanted = network(image)
    torch.testing.assert_close(
        run(network, image, threads), wanted, rtol=0, atol=1e-5 * float(wanted.abs().max())
    )
