# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Every kind of step by the kernels gives what plain NumPy gives in float64, edges included."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lwrf_ros.segmentation.cpu.execution import Program
from lwrf_ros.segmentation.cpu.kernels.records import Activation, Kind
from lwrf_ros.segmentation.cpu.planning.plan import Plan
from lwrf_ros.segmentation.cpu.planning.reference import ACTIVATIONS, Reference
from lwrf_ros.segmentation.cpu.planning.steps import Map, Size, Value, padded

SIZES = [(1, 1), (2, 3), (7, 10), (8, 9)]
CHANNELS = 12


class Bench:
    """A plan of a single step, and maps of random values for it to read."""

    def __init__(self) -> None:
        self.plan = Plan()
        self._random = np.random.default_rng(6)
        self._maps: dict[Map, NDArray[np.float32]] = {}

    def values(self, *shape: int) -> NDArray[np.float32]:
        return self._random.normal(size=shape).astype(np.float32)

    def map(self, size: Size, channels: int = CHANNELS) -> Map:
        made = Map(size, padded(channels))
        self._maps[made] = self.values(*size, padded(channels))
        return made

    def check(self, value: Value | None = None, threads: int = 2) -> None:
        """Make a value, if it is not made yet, by both and compare."""
        if value is not None:
            self.plan.map(value)
        (step,) = self.plan.steps
        program, reference = Program(self.plan, threads), Reference()
        for made, values in self._maps.items():
            program.memory.view(made)[:] = values
            reference.maps[made] = values.astype(np.float64)
        program.run_step(0)
        got = program.logits[0].numpy() if step.out is None else program.memory.view(step.out)
        np.testing.assert_allclose(got, reference.step(step), rtol=0, atol=1e-4)


def slid(size: Size, kernel: int, stride: int, padding: int) -> Size:
    height, width = ((side + 2 * padding - kernel) // stride + 1 for side in size)
    return height, width


WINDOWS = [(1, 1, 0), (1, 2, 0), (2, 1, 1), (3, 1, 1), (3, 2, 1), (5, 1, 2), (7, 3, 3)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("window", WINDOWS)
def test_a_convolution(size: Size, window: tuple[int, int, int]) -> None:
    bench = Bench()
    # With few input channels, none is taken into the Winograd domain.
    weight = bench.values(40, CHANNELS, window[0], window[0])
    made = slid(size, *window)
    bench.check(
        bench.plan.convolution(bench.map(size), weight, bench.values(40), made, *window[1:])
    )
    assert bench.plan.steps[0].kind == Kind.PRODUCT


@pytest.mark.parametrize("clamp", [(0.0, float("inf")), (0.0, 6.0), (-0.5, 0.25)])
def test_two_convolutions_and_a_map_added_up_and_clamped(clamp: tuple[float, float]) -> None:
    bench, size = Bench(), (7, 10)
    first, second = (
        bench.plan.convolution(
            bench.map(size), bench.values(40, CHANNELS, 1, 1), bench.values(40), size, 1, 0
        )
        for _ in range(2)
    )
    total = bench.plan.add(bench.plan.add(first, second), bench.map(size, 40))
    bench.check(bench.plan.clamp(total, *clamp))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [32, 50])
@pytest.mark.parametrize("added", [False, True])
def test_a_convolution_in_the_winograd_domain(size: Size, channels: int, added: bool) -> None:
    bench = Bench()
    weight = bench.values(channels, channels, 3, 3) / 20
    source = bench.map(size, channels)
    value: Value = bench.plan.convolution(source, weight, bench.values(channels), size, 1, 1)
    if added:
        value = bench.plan.clamp(bench.plan.add(value, bench.map(size, channels)), 0, 6)
    bench.check(value)
    assert bench.plan.steps[0].kind == Kind.WINOGRAD


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("expands", [False, True])
@pytest.mark.parametrize("projects", [False, True])
def test_a_depthwise_convolution(
    size: Size, window: tuple[int, int, int], expands: bool, projects: bool
) -> None:
    bench, channels, made = Bench(), 40 if expands else CHANNELS, slid(size, *window)
    value: Value = bench.map(size)
    if expands:
        weight = bench.values(channels, CHANNELS, 1, 1) / 5
        value = bench.plan.convolution(value, weight, bench.values(channels), size, 1, 0)
        value = bench.plan.clamp(value, 0, 6)
    weight = bench.values(channels, 1, window[0], window[0])
    value = bench.plan.depthwise(value, weight, bench.values(channels), made, *window[1:])
    value = bench.plan.clamp(value, 0, 6)
    if projects:
        weight = bench.values(CHANNELS, channels, 1, 1) / 5
        value = bench.plan.convolution(value, weight, None, made, 1, 0)
    bench.check(value)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("window", [(1, 2, 0), (2, 2, 1), (3, 2, 1), (5, 1, 2)])
@pytest.mark.parametrize("projects", [False, True])
def test_a_pool(size: Size, largest: bool, window: tuple[int, int, int], projects: bool) -> None:
    bench, made = Bench(), slid(size, *window)
    value: Value = bench.plan.pool(bench.map(size), largest, made, *window)
    if projects:
        weight = bench.values(CHANNELS, CHANNELS, 1, 1)
        value = bench.plan.convolution(value, weight, None, made, 1, 0)
    bench.check(value)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("target", [(1, 1), (5, 4), (13, 20)])
def test_a_stretched_map(size: Size, target: Size) -> None:
    bench = Bench()
    bench.check(bench.plan.stretch(bench.map(size), target))


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_sum_of_maps(count: int) -> None:
    bench = Bench()
    total: Value = bench.map((7, 10))
    for _ in range(count - 1):
        total = bench.plan.add(total, bench.map((7, 10)))
    bench.check(bench.plan.clamp(total, -0.5, 1))


@pytest.mark.parametrize("sizes", [((7, 10), (7, 10)), ((1, 1), (7, 10)), ((7, 10), (1, 1))])
def test_a_product_of_maps(sizes: tuple[Size, Size]) -> None:
    bench = Bench()
    first, second = (bench.map(size) for size in sizes)
    bench.plan.pointwise(Kind.MULTIPLY, first, second)
    bench.check()


@pytest.mark.parametrize("function", Activation)
def test_an_activation(function: Activation) -> None:
    assert function in ACTIVATIONS
    bench = Bench()
    # Beyond both ends of the hard forms, too.
    source = bench.map((7, 10))
    bench._maps[source] *= 4
    clamp = (-1.0, 1.0) if function == Activation.CLAMP else (-np.inf, np.inf)
    bench.plan.pointwise(Kind.ACTIVATE, source, function=function, clamp=clamp)
    bench.check()


@pytest.mark.parametrize("corner", [(0, 0), (-2, 1), (3, -1)])
@pytest.mark.parametrize("first_channel", [0, 5])
def test_a_copy_into_a_part_of_another_map(corner: tuple[int, int], first_channel: int) -> None:
    bench = Bench()
    made = Map((8, 9), padded(CHANNELS + 5))
    bench.plan.copy(bench.map((7, 10)), made, CHANNELS, first_channel, *corner)
    bench.check()


@pytest.mark.parametrize("size", SIZES)
def test_a_mean(size: Size) -> None:
    bench = Bench()
    bench.plan.mean(bench.map(size))
    bench.check()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("classes", "positions"), [(5, 1), (5, 9), (19, 9)])
def test_logits(size: Size, classes: int, positions: int) -> None:
    bench = Bench()
    source = bench.map(size, classes * positions)
    bench.plan.logits(source, classes, bench.values(classes), positions)
    bench.check()


@pytest.mark.parametrize("size", SIZES)
def test_an_image(size: Size) -> None:
    plan = Plan()
    made = plan.image(size)
    image = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(1))
    program = Program(plan, 2)
    program.read_from(image)
    program.run_step(0)
    wanted = np.zeros((*size, 4), np.float32)
    wanted[..., :3] = image[0].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(program.memory.view(made), wanted)
