# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How long each step of a plan takes."""

from __future__ import annotations

import time
from concurrent.futures import Executor

import numpy as np

from lwrf_ros.segmentation.cpu.execution import Program

# Short steps are repeated until a measurement takes so long.
_LEAST_SECONDS = 2e-3
_LEAST_MEASUREMENTS = 3


def step_seconds(program: Program, helpers: Executor, seconds: float) -> list[float]:
    """Return the median time of each step in seconds, in all threads of the program.

    Args:
        program: The program; it has been given an image that still lives.
        helpers: Runs all threads but the caller's.
        seconds: How long all measurements together may take, but for the least number of them.
    """
    share = seconds / len(program.plan.steps)
    # In order, so that every step reads what those before it have made.
    return [_median(program, number, helpers, share) for number in range(len(program.plan.steps))]


def _median(program: Program, number: int, helpers: Executor, seconds: float) -> float:
    def timed(times: int) -> float:
        started = time.perf_counter()
        program.run_step(number, helpers, times)
        return (time.perf_counter() - started) / times

    times = max(1, round(_LEAST_SECONDS / timed(1)))
    end = time.perf_counter() + seconds
    measured: list[float] = []
    while len(measured) < _LEAST_MEASUREMENTS or time.perf_counter() < end:
        measured.append(timed(times))
    return float(np.median(measured))
