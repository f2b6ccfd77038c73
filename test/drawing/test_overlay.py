# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The overlay: blends by hand, channel orders, unlabelled pixels, arrays of any layout."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lwrf_ros.classes.class_table import UNLABELLED, ClassTable
from lwrf_ros.drawing.overlay import draw_overlay

TABLE = ClassTable("two", ("road", "car"), np.array([[100, 200, 0], [0, 40, 240]], dtype=np.uint8))
IMAGE = np.array([[[10, 20, 30], [50, 60, 70], [255, 0, 255]]], dtype=np.uint8)
LABELS = np.array([[0, 1, UNLABELLED]], dtype=np.uint8)
HALF = [[[55, 110, 15], [25, 50, 155], [255, 0, 255]]]


def test_half_and_half_by_hand() -> None:
    out = draw_overlay(IMAGE, "rgb8", LABELS, TABLE, 0.5)
    assert out.tolist() == HALF
    assert out.dtype == np.uint8


def test_a_quarter_by_hand() -> None:
    out = draw_overlay(IMAGE, "rgb8", LABELS, TABLE, 0.25)
    # 0.75 * 10 + 0.25 * 100 is 32.5, which may be rounded to either side.
    assert np.abs(out[0, 0] - np.array([32.5, 65, 22.5])).max() <= 0.5
    assert out[0, 1].tolist() == [38, 55, 112] or out[0, 1].tolist() == [37, 55, 112]


@pytest.mark.parametrize(("alpha", "wanted"), [(0.0, IMAGE), (1.0, TABLE.colours[[[0, 1]]])])
def test_nothing_and_everything(alpha: float, wanted: NDArray[np.uint8]) -> None:
    out = draw_overlay(IMAGE, "rgb8", LABELS, TABLE, alpha)
    np.testing.assert_array_equal(out[:, :2], wanted[:, :2])
    assert out[0, 2].tolist() == [255, 0, 255]


def test_bgr8_comes_out_as_rgb() -> None:
    out = draw_overlay(np.ascontiguousarray(IMAGE[:, :, ::-1]), "bgr8", LABELS, TABLE, 0.5)
    assert out.tolist() == HALF


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1)])
def test_mono8_is_grey(shape: tuple[int, ...]) -> None:
    grey = np.array([10, 20, 30], dtype=np.uint8).reshape(shape)
    out = draw_overlay(grey, "mono8", LABELS, TABLE, 0.5)
    assert out.tolist() == [[[55, 105, 5], [10, 30, 130], [30, 30, 30]]]


def test_indices_beyond_the_table_are_left_as_they_are() -> None:
    labels = np.array([[2, 100, 254]], dtype=np.uint8)
    np.testing.assert_array_equal(draw_overlay(IMAGE, "rgb8", labels, TABLE, 1.0), IMAGE)


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "mono8"])
def test_views_and_read_only_arrays(encoding: str) -> None:
    generator = np.random.default_rng(1)
    channels = 1 if encoding == "mono8" else 3
    wide = generator.integers(0, 256, (6, 9 * channels + 5), dtype=np.uint8)
    padded = wide[:, : 9 * channels].reshape(6, 9, channels)
    labels = generator.integers(0, 3, (6, 9), dtype=np.uint8)
    wanted = draw_overlay(padded.copy(), encoding, labels, TABLE, 0.5)
    turned = np.ascontiguousarray(padded[::-1, ::-1])[::-1, ::-1]
    frozen = padded.copy()
    frozen.flags.writeable = False
    for view in (padded, turned, frozen):
        np.testing.assert_array_equal(draw_overlay(view, encoding, labels, TABLE, 0.5), wanted)


def test_the_result_is_the_callers_and_the_inputs_stay() -> None:
    image, labels = IMAGE.copy(), LABELS.copy()
    out = draw_overlay(image, "rgb8", labels, TABLE, 0.0)
    assert not np.shares_memory(out, image)
    np.testing.assert_array_equal(image, IMAGE)
    np.testing.assert_array_equal(labels, LABELS)
    assert out.flags.writeable and out.flags.c_contiguous


def test_an_image_of_another_size_is_stretched_to_the_labels() -> None:
    image = np.full((8, 12, 3), 100, np.uint8)
    labels = np.array([[0, 255, 1]] * 2, np.uint8)
    drawn = draw_overlay(image, "rgb8", labels, TABLE, 1.0)
    assert drawn.tolist() == [[TABLE.colours[0].tolist(), [100] * 3, TABLE.colours[1].tolist()]] * 2
