# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How threads share a network, and how wide their registers are."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lwrf_ros.network import build_network, randomise
from lwrf_ros.segmentation.cpu import network as cpu_network
from lwrf_ros.segmentation.cpu.execution import Program
from lwrf_ros.segmentation.cpu.kernels.vectors import LANES
from lwrf_ros.segmentation.cpu.network import CpuNetwork
from lwrf_ros.segmentation.cpu.planning.graph import plan_network

REPOSITORY = Path(__file__).resolve().parents[3]
SIZE = (40, 56)


def image() -> Tensor:
    return torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(3))


class Late(Executor):
    """Begins nothing."""

    def submit(self, function: Any, /, *args: Any, **more: Any) -> Future[Any]:
        return Future()


class Interrupted(ThreadPoolExecutor):
    """Begins what it is given, and then an interruption arrives."""

    def submit(self, function: Any, /, *args: Any, **more: Any) -> Future[Any]:
        super().submit(function, *args, **more)
        raise KeyboardInterrupt


def program(threads: int) -> Program:
    torch.manual_seed(4)
    network = nn.Sequential(nn.Conv2d(3, 32, 3, 2, 1), nn.ReLU(), nn.Conv2d(32, 48, 3, padding=1))
    return Program(plan_network(network, SIZE)[0], threads)


@torch.inference_mode()
def test_any_number_of_threads_gives_the_same_bytes() -> None:
    wanted = program(1).run(image(), Late()).clone()
    for threads in (2, 3, 5):
        with ThreadPoolExecutor(threads - 1) as helpers:
            assert torch.equal(program(threads).run(image(), helpers), wanted)


@torch.inference_mode()
def test_helpers_that_never_begin_are_not_waited_for() -> None:
    wanted = program(1).run(image(), Late()).clone()
    assert torch.equal(program(3).run(image(), Late()), wanted)


@torch.inference_mode()
def test_an_interruption_leaves_nobody_waiting() -> None:
    made = program(2)
    with pytest.raises(KeyboardInterrupt), Interrupted(1) as helpers:
        made.run(image(), helpers)
    # Leaving `helpers` has waited for the thread; the next image is as any other.
    assert torch.equal(made.run(image(), Late()), program(1).run(image(), Late()))


@torch.inference_mode()
def test_several_images_and_sizes() -> None:
    network = build_network("mobilenet_v2", 5)
    randomise(network, 0)
    with ThreadPoolExecutor(1) as helpers:
        engine = CpuNetwork(network, 2, helpers)
        for size in [(40, 56), (33, 64), (64, 33), (40, 40), (56, 40), (40, 56)]:
            batch = torch.randn(2, 3, *size)
            wanted = network(batch)
            torch.testing.assert_close(
                engine(batch), wanted, rtol=0, atol=1e-5 * float(wanted.abs().max())
            )


def test_plans_are_kept_for_the_four_sizes_used_last(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[tuple[int, int]] = []

    class Planned:
        def __init__(self, plan: tuple[int, int], threads: int) -> None:
            planned.append(plan)

        def run(self, batch: Tensor, helpers: Executor) -> Tensor:
            return batch

    engine = CpuNetwork(build_network("mobilenet_v2", 5), 1, Late())
    monkeypatch.setattr(cpu_network, "Program", Planned)
    monkeypatch.setattr(engine, "_plan", lambda size: size)

    def use(*sides: int) -> list[int]:
        """Return the sides of those images, used in this order, that had to be planned for."""
        planned.clear()
        for side in sides:
            engine(torch.empty(1, 3, side, side))
        return [height for height, _ in planned]

    assert use(40, 48, 56, 64, 40, 48, 56, 64) == [40, 48, 56, 64]
    # Each weighs as much as the network: of the fifth's the oldest is let go.
    assert use(72, 48, 56, 64, 40) == [72, 40]


OTHER_LANES = """
import sys
sys.path.insert(0, "test/segmentation/cpu")
import torch
from cpu_runs import assert_same
from lwrf_ros.network import build_network, randomise
from lwrf_ros.segmentation.cpu.kernels.vectors import LANES
from lwrf_ros.segmentation.simplify import Rewrites, simplify
torch.manual_seed(3)
for backbone in ("mobilenet_v2", "resnet50"):
    network = build_network(backbone, 11)
    randomise(network, 0)
    assert_same(simplify(network, Rewrites(merge_last_stage=True)), torch.randn(1, 3, 43, 70))
print(LANES)
"""


@pytest.mark.parametrize(
    ("lanes", "features"), [(8, "+avx2,+fma,+bmi2,+f16c"), (4, "+avx,+fma,+sse4.2")]
)
def test_processors_with_shorter_registers(lanes: int, features: str) -> None:
    if lanes >= LANES:
        pytest.skip(f"this processor has registers of {LANES} floats, none to leave unused")
    done = subprocess.run(
        [sys.executable, "-c", OTHER_LANES],
        cwd=REPOSITORY,
        env={**os.environ, "NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": features},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(lanes)]
