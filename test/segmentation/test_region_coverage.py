# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Coverage of regions: pixels by hand, sums by NumPy, every size, bounded memory."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lwrf_ros.classes.regions import Region
from lwrf_ros.segmentation import RegionCoverage, region_coverage

# Four classes in the quarters of an image of 8x8; one pixel of the last is unlabelled.
LABELS = np.kron(np.array([[0, 1], [2, 3]], np.uint8), np.ones((4, 4), np.uint8))
LABELS[7, 7] = 255


def rectangle(left: float, top: float, right: float, bottom: float) -> Region:
    return Region("r", ((left, top), (right, top), (right, bottom), (left, bottom)))


def share(*corners: tuple[float, float], labels: np.ndarray = LABELS) -> list[float]:
    (result,) = RegionCoverage([Region("r", corners)], 4).of(labels)
    return [*result.coverage.tolist(), result.unlabelled]


def test_rectangles_by_hand() -> None:
    regions = [rectangle(0, 0, 1, 1), rectangle(0, 0, 0.5, 1), rectangle(0.5, 0.5, 1, 1)]
    whole, left, last = RegionCoverage(regions, 4).of(LABELS)
    assert whole.coverage.tolist() == [0.25, 0.25, 0.25, 15 / 64]
    assert whole.unlabelled == 1 / 64
    assert (left.coverage.tolist(), left.unlabelled) == ([0.5, 0, 0.5, 0], 0)
    assert (last.coverage.tolist(), last.unlabelled) == ([0, 0, 0, 15 / 16], 1 / 16)
    assert left.coverage.dtype == np.float64


def test_a_pixel_belongs_where_its_centre_is() -> None:
    # Up to 0.3 of 8 pixels: centres at 0.5 and 1.5 only.
    assert share((0, 0), (0.3, 0), (0.3, 1), (0, 1)) == [0.5, 0, 0.5, 0, 0]
    # From 0.44 to 0.57: the centres 3.5 (x 0.4375) and 4.5 (0.5625) give one column.
    assert share((0.44, 0), (0.57, 0), (0.57, 1), (0.44, 1)) == [0, 0.5, 0, 0.5, 0]


def test_a_triangle_by_hand() -> None:
    # Below the falling diagonal, centres on it not counted: 0 + 1 + ... + 7 pixels.
    values = share((0, 0), (1, 1), (0, 1))
    assert values == [6 / 28, 0, 16 / 28, 6 / 28, 0]


def test_what_is_gone_around_twice_is_outside() -> None:
    outer = ((0, 0), (1, 0), (1, 1), (0, 1))
    values = share(*outer, (0, 0), (0.5, 0), (0.5, 1), (0, 1), (0, 0))
    assert values == [0, 0.5, 0, 15 / 32, 1 / 32]


def test_a_region_smaller_than_a_pixel_is_one_pixel() -> None:
    assert share((0.49, 0.49), (0.495, 0.49), (0.495, 0.495)) == [1, 0, 0, 0, 0]
    assert share((0.51, 0.49), (0.52, 0.49), (0.52, 0.495)) == [0, 1, 0, 0, 0]
    # High enough and too narrow: columns 3 and 4 begin their centres at 0.4375 and 0.5625.
    assert share((0.45, 0), (0.48, 0), (0.48, 1), (0.45, 1)) == [0, 0, 1, 0, 0]
    assert share((0.999, 0.999), (1, 0.999), (1, 1)) == [0, 0, 0, 0, 1]
    assert share((0, 0), (1, 0), (1, 1), labels=LABELS[:1, :1]) == [1, 0, 0, 0, 0]


def test_regions_may_touch_without_sharing_pixels() -> None:
    edges = [0, 0.17, 0.38, 0.5, 0.81, 1]
    regions = [rectangle(a, 0, b, 1) for a, b in itertools.pairwise(edges)]
    for width in (10, 64, 101):
        labels = np.arange(width, dtype=np.uint8)[np.newaxis].repeat(3, axis=0)
        shares = RegionCoverage(regions, width).of(labels)
        covered = np.stack([one.coverage > 0 for one in shares])
        assert (covered.sum(axis=0) == 1).all()


corner = st.tuples(st.floats(0, 1), st.floats(0, 1))


@settings(deadline=None, max_examples=60)
@given(
    corners=st.lists(corner, min_size=3, max_size=7),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
)
def test_any_polygon_is_what_testing_each_pixel_says(
    corners: list[tuple[float, float]], height: int, width: int
) -> None:
    labels = np.random.default_rng(1).integers(0, 4, (height, width), dtype=np.uint8)
    inside = np.zeros((height, width), bool)
    edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    for row in range(height):
        for column in range(width):
            x, y = column + 0.5, row + 0.5
            for (ax, ay), (bx, by) in edges:
                x1, y1, x2, y2 = ax * width, ay * height, bx * width, by * height
                if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
                    inside[row, column] ^= True
    values = share(*corners, labels=labels)
    assert sum(values) == pytest.approx(1)
    if inside.any():
        wanted = np.bincount(labels[inside], minlength=4) / inside.sum()
        np.testing.assert_allclose(values[:4], wanted, atol=1e-12)


def test_labels_that_are_a_view_of_others() -> None:
    padded = np.zeros((8, 20), np.uint8)
    padded[:, 3:11] = LABELS
    assert share((0, 0), (1, 1), (0, 1), labels=padded[:, 3:11]) == share((0, 0), (1, 1), (0, 1))


def test_pixels_are_looked_for_once_a_size_and_few_sizes_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[tuple[int, int]] = []
    original = region_coverage._patch

    def patch(region: Region, height: int, width: int) -> object:
        made.append((height, width))
        return original(region, height, width)

    monkeypatch.setattr(region_coverage, "_patch", patch)
    counter = RegionCoverage([rectangle(0, 0, 1, 1)], 4)
    for _ in range(3):
        for height in (8, 9):
            counter.of(np.zeros((height, 8), np.uint8))
    assert made == [(8, 8), (9, 8)]
    for height in range(10, 200):
        counter.of(np.zeros((height, 8), np.uint8))
    assert len(counter._patches._entries) == 8


def test_no_regions() -> None:
    counter = RegionCoverage([], 4)
    assert not counter
    assert counter.of(LABELS) == []
