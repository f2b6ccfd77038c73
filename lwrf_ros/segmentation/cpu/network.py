# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The network on a CPU in float32, by kernels of our own."""

from __future__ import annotations

from concurrent.futures import Executor

import torch
from torch import Tensor, nn

from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.segmentation.buffers import Recent
from lwrf_ros.segmentation.cpu.execution import Program
from lwrf_ros.segmentation.cpu.planning.graph import plan_network
from lwrf_ros.segmentation.cpu.planning.plan import Plan
from lwrf_ros.segmentation.simplify import Rewrites, simplify

# A plan holds the weights in its own layout. Cameras whose own sizes are the network's input
# (input_width -1) each need one.
_KEPT_PLANS = 4
_POSITIONS = 9
# Pixels; the deepest map still has more than one.
_SIDE_TO_TRY = 64


class CpuNetwork:
    """Runs a network in float32, one image at a time.

    Args:
        network: The network; it stays as it is.
        threads: Threads to run on.
        helpers: Runs all of them but the caller's.

    Raises:
        UnknownOperationError: If the network holds an operation that the kernels do not know.
    """

    def __init__(self, network: RefineNet, threads: int, helpers: Executor) -> None:
        # With many classes the split classifier costs more than the stage that it would save.
        merge = _POSITIONS * network.num_classes < network.decoder.channels_out
        self._network = simplify(
            network, Rewrites(merge_pairs=True, merge_last_stage=merge, split_classifier=True)
        )
        self._bias: Tensor = self._network.assemble.bias  # type: ignore[assignment]
        # The plan sums up the positions of the classifier's window.
        self._network.assemble = nn.Identity()
        self._threads = threads
        self._helpers = helpers
        self._programs: Recent[Program] = Recent(_KEPT_PLANS)
        # What cannot be planned should show now, not at the first frame.
        multiple = network.size_multiple
        side = -(-_SIDE_TO_TRY // multiple) * multiple
        self._plan((side, side))

    @property
    def description(self) -> str:
        """The implementation that runs the network, in words."""
        return "kernels compiled by numba"

    def __call__(self, batch: Tensor) -> Tensor:
        """Map ``(N, 3, h, w) float32`` to logits ``(N, C, ceil(h/4), ceil(w/4)) float32``.

        Those of a single image are overwritten by the next call for an image of this size.
        """
        if len(batch) > 1:
            return torch.cat([self(batch[i : i + 1]).clone() for i in range(len(batch))])
        size = (batch.shape[2], batch.shape[3])
        return self.program(size).run(batch, self._helpers)

    def program(self, size: tuple[int, int]) -> Program:
        """Return what runs images of ``(height, width)``, made at the first of them."""
        return self._programs.get(size, lambda: Program(self._plan(size), self._threads))

    def _plan(self, size: tuple[int, int]) -> Plan:
        plan, _ = plan_network(self._network, size, _POSITIONS, self._bias)
        return plan
