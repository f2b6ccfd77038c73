# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""A plan that can be run: its steps with the memory that they work in."""

from __future__ import annotations

from concurrent.futures import Executor, Future, wait
from functools import partial

import numpy as np
import torch
from torch import Tensor

from lwrf_ros.segmentation.cpu.kernels.checks import CpuKernelError, Room, allow, raise_if_refused
from lwrf_ros.segmentation.cpu.kernels.compiled import CHECKING
from lwrf_ros.segmentation.cpu.kernels.program import COUNTERS, FUNCTIONS, run
from lwrf_ros.segmentation.cpu.kernels.records import Kind
from lwrf_ros.segmentation.cpu.kernels.vectors import FLOAT_BYTES
from lwrf_ros.segmentation.cpu.planning.placement import Memory
from lwrf_ros.segmentation.cpu.planning.plan import Plan
from lwrf_ros.segmentation.cpu.planning.plan_table import step_name


class Program:
    """A network's steps for one input size, with the memory that they work in.

    Args:
        plan: The steps; the first reads the image and the last makes the logits, if any do.
        threads: Threads to run on.

    Attributes:
        plan: The steps.
        memory: Their maps, weights and records.
        logits: ``(1, C, h, w) float32`` that the last step makes, if that is its kind.
    """

    def __init__(self, plan: Plan, threads: int) -> None:
        self.plan = plan
        self.memory = Memory(plan, threads)
        self._counters = np.zeros((len(plan.steps), COUNTERS), dtype=np.int64)
        self._scratch = np.zeros((threads, self.memory.scratch_bytes), dtype=np.uint8)
        self._scratch_at = [row.ctypes.data for row in self._scratch]
        first, last = plan.steps[0], plan.steps[-1]
        if first.kind == Kind.IMAGE:
            self.memory.steps[0]["source_row"] = FLOAT_BYTES * first.made.size[1]
        if last.kind == Kind.LOGITS:
            height, width = last.made.size
            self.logits = torch.empty((1, last.details["channels"], height, width))
            record = self.memory.steps[-1]
            record["out"], record["out_row"] = self.logits.data_ptr(), FLOAT_BYTES * width
        self._image_at = 0
        self._go = partial(run, self.memory.steps, self.memory.terms, self._counters, FUNCTIONS)

    def run(self, batch: Tensor, helpers: Executor) -> Tensor:
        """Return the logits ``(1, C, h, w)`` of an image, overwritten by the next call.

        Raises:
            CpuKernelError: In debug mode, if a step touches what it has nothing to do with.
        """
        self.read_from(batch)
        if CHECKING:
            for number in range(len(self.plan.steps)):
                self.run_step(number)
            return self.logits
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
        return self.logits

    def read_from(self, batch: Tensor) -> None:
        """Let the first step read an image ``(1, 3, H, W)``, which must live while it runs."""
        self._image_at = self.memory.steps[0]["source"] = batch.data_ptr()

    def run_step(self, number: int, helpers: Executor | None = None, times: int = 1) -> None:
        """Run one step alone, once those before it have been run.

        Args:
            number: The step.
            helpers: Runs all threads but the caller's; None runs all parts in this thread.
            times: How often, one after the other, which changes nothing but the time.

        Raises:
            CpuKernelError: In debug mode, if the step touches what it has nothing to do with.
        """
        steps = np.repeat(self.memory.steps[number : number + 1], times)
        counters = np.zeros((times, COUNTERS), dtype=np.int64)
        go = partial(run, steps, self.memory.terms, counters, FUNCTIONS)
        if CHECKING:
            self._run_checked(number, go)
            return
        others = [] if helpers is None else self._scratch_at[1:]
        waiting = [helpers.submit(go, other) for other in others] if helpers else []
        go(self._scratch_at[0])
        wait(future for future in waiting if not future.cancel())

    def _run_checked(self, number: int, go: partial[None]) -> None:
        step = self.plan.steps[number]
        name, rooms = f"step {number} ({step_name(step)})", self._rooms(number)
        allow(rooms)
        try:
            go(self._scratch_at[0])
        except IndexError as error:
            raise CpuKernelError(f"{name} goes beyond one of the kernels' own arrays") from error
        raise_if_refused(name, rooms)
        for piece in self.memory.buffers.damaged():
            raise CpuKernelError(f"{name} has written beside {piece.name}: its canaries are gone")
        if step.out is not None and step.out.border:
            border = self.memory.view(step.out, border=True).copy()
            inner = slice(step.out.border, -step.out.border)
            border[inner, inner] = 0
            if border.any():
                raise CpuKernelError(f"{name} has written into the border of zeros of its map")

    def _rooms(self, number: int) -> list[Room]:
        """Return what a step may touch."""
        scratch = self._scratch_at[0]
        rooms = [
            room._replace(begin=room.begin + scratch) for room in self.memory.scratch_rooms[number]
        ]
        step = self.plan.steps[number]
        if step.kind == Kind.IMAGE:
            height, width = step.made.size
            size = 3 * height * width * FLOAT_BYTES
            rooms.append(Room("the image", self._image_at, size, False))
        if step.kind == Kind.LOGITS:
            size = self.logits.numel() * FLOAT_BYTES
            rooms.append(Room("the logits", self.logits.data_ptr(), size, True))
        return [*self.memory.rooms[number], *rooms]
