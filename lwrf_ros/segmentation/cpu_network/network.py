# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The network on a CPU in float32, by kernels of our own."""

from __future__ import annotations

from concurrent.futures import Executor, Future, wait
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.segmentation.buffers import Recent
from lwrf_ros.segmentation.cpu_network.graph import plan_network
from lwrf_ros.segmentation.cpu_network.memory import Memory
from lwrf_ros.segmentation.cpu_network.program import COUNTERS, FUNCTIONS, run
from lwrf_ros.segmentation.cpu_network.vectors import FLOAT_BYTES
from lwrf_ros.segmentation.simplify import Rewrites, simplify

# A plan holds the weights in its own layout. Cameras whose own sizes are the network's input
# (input_width -1) each need one.
_KEPT_PLANS = 4
_POSITIONS = 9


class CpuNetwork:
    """Runs a network in float32, one image at a time.

    Args:
        network: The network; it stays as it is.
        threads: Threads to run on.
        helpers: Runs all of them but the caller's.
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

    @property
    def description(self) -> str:
        """What runs the network, in words."""
        return "kernels compiled by numba"

    def __call__(self, batch: Tensor) -> Tensor:
        """Map ``(N, 3, h, w) float32`` to logits ``(N, C, ceil(h/4), ceil(w/4)) float32``.

        Those of a single image are overwritten by the next call for an image of this size.
        """
        if len(batch) > 1:
            return torch.cat([self(batch[i : i + 1]).clone() for i in range(len(batch))])
        size = (batch.shape[2], batch.shape[3])
        program = self._programs.get(
            size, lambda: Program(self._network, size, self._bias, self._threads)
        )
        return program.run(batch, self._helpers)


class Program:
    """A network's steps for one input size, with the memory that they work in."""

    def __init__(
        self, network: nn.Module, size: tuple[int, int], bias: Tensor | None, threads: int
    ) -> None:
        plan, shape = plan_network(network, size, _POSITIONS if bias is not None else 1, bias)
        self._memory = Memory(plan, threads)
        self._counters = np.zeros((len(plan.steps), COUNTERS), dtype=np.int64)
        self._scratch = np.zeros((threads, self._memory.scratch_bytes), dtype=np.uint8)
        self._logits = torch.empty((1, *shape))
        first, last = self._memory.steps[0], self._memory.steps[-1]
        first["source_row"] = FLOAT_BYTES * size[1]
        last["out"], last["out_row"] = self._logits.data_ptr(), FLOAT_BYTES * shape[2]
        self._scratch_at = [row.ctypes.data for row in self._scratch]
        self._go = partial(run, self._memory.steps, self._memory.terms, self._counters, FUNCTIONS)

    def run(self, batch: Tensor, helpers: Executor) -> Tensor:
        """Return the logits ``(1, C, h, w)`` of an image, overwritten by the next call."""
        self._memory.steps[0]["source"] = batch.data_ptr()
        self._counters.fill(0)
        own, *others = self._scratch_at
        waiting: list[Future[None]] = []
        try:
            for other in others:
                waiting.append(helpers.submit(self._go, other))
            self._go(own)
        finally:
            # Those that have not begun, as where others hold the interpreter's lock, need not.
            wait(future for future in waiting if not future.cancel())
        return self._logits
