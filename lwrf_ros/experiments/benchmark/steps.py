# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf benchmark --steps``: what each step of the network on a CPU takes, in the plan's words."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.benchmark.case import Case, plain_network
from lwrf_ros.segmentation.cpu.network import CpuNetwork
from lwrf_ros.segmentation.cpu.planning.plan_table import table
from lwrf_ros.segmentation.cpu.step_timing import step_seconds
from lwrf_ros.weights.bundled import RANDOM
from lwrf_ros.weights.choice import resolve

# Part of `--seconds` that whole passes get; the rest is the steps'.
_SHARE_OF_PASSES = 0.25


def measure_steps(arguments: argparse.Namespace, threads: int) -> int:
    """Print a table of the steps for every network and input size, and return the exit code.

    Raises:
        LwrfError: If something is asked for that has no steps, or no figures for a file.
    """
    if arguments.device not in ("auto", "cpu"):
        raise LwrfError(
            f"--steps with --device {arguments.device}: only the engine on a CPU goes through "
            "steps; wanted --device cpu"
        )
    if not set(arguments.precision) <= {"auto", "fp32"}:
        raise LwrfError(
            f"--steps with --precision {' '.join(arguments.precision)}: the engine's own kernels "
            "on a CPU are for fp32, torch runs the others; wanted --precision fp32"
        )
    if arguments.output is not None:
        raise LwrfError("--steps prints a table and writes no files; leave -o out")
    torch.set_num_threads(threads)
    for case in _cases(arguments, threads):
        print(_measured(case, arguments.seconds), end="\n\n", flush=True)
    return 0


def _cases(arguments: argparse.Namespace, threads: int) -> Iterator[Case]:
    """List every network at every size of its input."""
    for backbone in arguments.backbone:
        for input_size in arguments.input_size:
            for size in arguments.image_size if input_size == "image" else [input_size]:
                choice = resolve(
                    arguments.weights,
                    arguments.classes,
                    backbone,
                    arguments.decoder,
                    or_random=True,
                )
                yield Case(
                    backbone=backbone,
                    decoder=arguments.decoder,
                    classes=arguments.classes,
                    weights=RANDOM if choice.path is None else str(choice.path),
                    image_size=size,
                    input_size=size,
                    device="cpu",
                    precision="fp32",
                    batch=1,
                    threads=threads,
                )


def _measured(case: Case, seconds: float) -> str:
    """Return the table of a case, and what a whole pass takes."""
    image = torch.randn(1, 3, *case.input_size, generator=torch.Generator().manual_seed(0))
    with ThreadPoolExecutor(max(1, case.threads - 1)) as helpers:
        network = CpuNetwork(plain_network(case), case.threads, helpers)
        network(image)
        passes: list[float] = []
        end = time.perf_counter() + seconds * _SHARE_OF_PASSES
        while not passes or time.perf_counter() < end:
            started = time.perf_counter()
            network(image)
            passes.append(time.perf_counter() - started)
        program = network.program(case.input_size)
        times = step_seconds(program, helpers, seconds * (1 - _SHARE_OF_PASSES))
    height, width = case.input_size
    return (
        f"{case.backbone}, network at {width}x{height}, fp32 on cpu, threads: {case.threads}\n"
        f"{table(program.plan.steps, case.threads, times)}\n"
        f"a whole pass takes {np.median(passes) * 1e3:.3f} ms (median of {len(passes)}), the steps "
        f"one by one {sum(times) * 1e3:.3f} ms; a step alone finds in the cache what it used before"
    )
