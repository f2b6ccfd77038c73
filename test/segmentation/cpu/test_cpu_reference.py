# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The plain form of every step, which the kernels are compared with, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from lwrf_ros.segmentation.cpu.kernels.records import Activation, Kind, Prologue
from lwrf_ros.segmentation.cpu.planning.plan import Plan
from lwrf_ros.segmentation.cpu.planning.reference import ACTIVATIONS, Reference
from lwrf_ros.segmentation.cpu.planning.steps import Map, Product, Size, Step, Term


def array(values: ArrayLike) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def made_of(values: ArrayLike, size: Size, channels: int = 1, **step: object) -> list[object]:
    """Return what a step makes of a map of one channel, as rows."""
    source = array(values)[..., None]
    reference = Reference()
    read = Map(source.shape[:2], 1)  # type: ignore[arg-type]
    reference.maps[read] = source.astype(np.float64)
    term = step.pop("term", None)
    terms = (Term(read, **term),) if isinstance(term, dict) else ()  # type: ignore[arg-type]
    plain = {} if terms else {"source": read}
    one = Step(out=Map(size, channels), terms=terms, **plain, **step)  # type: ignore[arg-type]
    made = reference.step(one)
    rows: list[object] = (made[..., 0] if channels == 1 else made).tolist()
    return rows


COUNTED = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_a_convolution_of_stride_2_with_zeros_around() -> None:
    # Ones as weights: the sum of each 3x3, at (0, 0) of 1 2 4 5, plus the bias 10.
    window = {"kernel": 3, "stride": 2, "padding": 1, "weights": np.ones((9, 1), np.float32)}
    made = made_of(COUNTED, (2, 2), kind=Kind.PRODUCT, term=window, bias=array([10]))
    assert made == [[22, 26], [34, 38]]


def test_a_window_goes_row_by_row() -> None:
    # Weights 1, 10, 100, 1000 from left to right and then down.
    weights = array([[1], [10], [100], [1000]])
    window = {"kernel": 2, "weights": weights}
    made = made_of(COUNTED, (2, 2), kind=Kind.WINOGRAD, term=window, bias=array([0]))
    assert made == [[5421, 6532], [8754, 9865]]


def test_two_channels_a_sum_and_a_clamp() -> None:
    read, added = Map((1, 1), 2), Map((1, 1), 2)
    reference = Reference()
    reference.maps = {read: np.array([[[2.0, 3.0]]]), added: np.array([[[-100.0, 1.0]]])}
    weights = array([[1, 10], [2, 20]])
    step = Step(
        Kind.PRODUCT, Map((1, 1), 2), (Term(read, weights=weights),), array([5, 5]), Term(added)
    )
    # 2 * 1 + 3 * 2 + 5 - 100, and 2 * 10 + 3 * 20 + 5 + 1.
    assert reference.step(step).tolist() == [[[-87, 86]]]
    step.clamp = (0.0, 6.0)
    assert reference.step(step).tolist() == [[[0, 6]]]


@pytest.mark.parametrize(
    ("pool", "wanted"),
    # The first window has only 1, the last ones of row and column two values, the last one four.
    [(Prologue.MAX_POOL, [[1, 3], [7, 9]]), (Prologue.MEAN_POOL, [[1, 2.5], [5.5, 7]])],
)
def test_windows_of_a_pool_are_cut_at_the_borders(pool: Prologue, wanted: list[object]) -> None:
    window = {"prologue": pool, "kernel": 2, "stride": 2, "padding": 1}
    assert made_of(COUNTED, (2, 2), kind=Kind.PROLOGUE, term=window) == wanted


def test_a_depthwise_convolution_pads_what_was_expanded() -> None:
    # The expansion makes 3 * x + 1, at most 7, and around it there is 0, not 1.
    inner = Term(Map((1, 2), 1), weights=array([[3]]))
    expansion = Product((inner,), array([1]), (1, 2), clamp=(0.0, 7.0))
    weights = array([0, 0, 0, 1, 10, 100, 0, 0, 0, 5])[:, None]
    window = {
        "prologue": Prologue.DEPTHWISE,
        "kernel": 3,
        "padding": 1,
        "depthwise_weights": weights,
        "expansion": expansion,
    }
    # Expanded: 4, and 16 becomes 7. 10 * 4 + 100 * 7 + 5, and 4 + 10 * 7 + 5.
    assert made_of([[1, 5]], (1, 2), kind=Kind.PROLOGUE, term=window) == [[745, 79]]


def test_stretching_keeps_the_corners() -> None:
    made = made_of(
        [[0, 4], [8, 12]], (3, 3), kind=Kind.PROLOGUE, term={"prologue": Prologue.STRETCH}
    )
    assert made == [[0, 2, 4], [4, 6, 8], [8, 10, 12]]


@pytest.mark.parametrize(
    ("function", "x", "wanted"),
    [
        (Activation.CLAMP, 1.5, 1.5),
        # 1 / (1 + 1/3)
        (Activation.SIGMOID, np.log(3), 0.75),
        (Activation.SILU, np.log(3), 0.75 * np.log(3)),
        (Activation.HARD_SIGMOID, -3.5, 0),
        (Activation.HARD_SIGMOID, 1.5, 0.75),
        (Activation.HARD_SWISH, 1.5, 1.125),
        (Activation.HARD_SWISH, 4, 4),
    ],
)
def test_activations(function: Activation, x: float, wanted: float) -> None:
    assert ACTIVATIONS[function](np.array(x)) == pytest.approx(wanted)


def test_a_map_of_one_pixel_is_multiplied_with_all_and_a_mean_is_one_pixel() -> None:
    plan = Plan()
    one, all_of_them = Map((1, 1), 16), Map((1, 2), 16)
    plan.pointwise(Kind.MULTIPLY, one, all_of_them)
    plan.mean(all_of_them)
    reference = Reference()
    reference.maps = {one: np.full((1, 1, 16), 3.0), all_of_them: np.full((1, 2, 16), 2.0)}
    reference.maps[all_of_them][0, 1] = 4
    product, mean = (reference.step(step) for step in plan.steps)
    assert product[..., 0].tolist() == [[6, 12]]
    assert mean[..., 0].tolist() == [[3]]


def test_a_copy_has_zeros_outside_of_its_source() -> None:
    # Row -1 and column 1 of the source are the first ones.
    details = {"top": -1, "left": 1, "first_channel": 1, "channels": 1}
    made = made_of([[1, 2], [3, 4]], (2, 2), 2, kind=Kind.COPY, details=details)
    assert made == [[[0, 0], [0, 0]], [[0, 2], [0, 0]]]


def test_logits_are_sums_over_the_window() -> None:
    # One class. Of a pixel's nine values, number 3 goes to the pixel on its right, 5 to the left.
    values = np.zeros((1, 2, 9))
    values[0, :, 3], values[0, :, 4], values[0, :, 5] = [1, 2], [10, 20], [100, 200]
    source, plan, reference = Map((1, 2), 9), Plan(), Reference()
    plan.logits(source, 1, array([0.5]), 9)
    reference.maps[source] = values
    assert reference.step(plan.steps[0]).tolist() == [[[210.5, 21.5]]]


def test_float32_stays_float32() -> None:
    plan = Plan()
    made = plan.image((2, 2))
    plan.logits(made, 4, None, 1)
    assert Reference(np.float32).run(plan, np.ones((3, 2, 2))).dtype == np.float32
