# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Tiles cover an image without seams, and maps go back to where they belong."""

from __future__ import annotations

import numpy as np
import pytest

from lwrf_ros.labelling.views import resample, tiles


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_the_whole(scale: float) -> None:
    (tile,) = tiles(30, 40, scale)
    assert (tile.rows, tile.columns) == (slice(0, 30), slice(0, 40))
    assert (tile.weight == 1).all()


def test_2x2_tiles_overlap_by_a_quarter_of_their_sides() -> None:
    found = tiles(70, 140, 2.0)
    rows, columns = (slice(0, 40), slice(30, 70)), (slice(0, 80), slice(60, 140))
    assert [(one.rows, one.columns) for one in found] == [(y, x) for y in rows for x in columns]
    # Of the first, over ten rows: 0.95, 0.85, ... down to 0.05 where the second begins to count.
    fall = np.arange(95, 0, -10) / 100
    np.testing.assert_allclose(found[0].weight[:, 0], [1] * 30 + fall.tolist(), atol=1e-6)
    np.testing.assert_allclose(found[2].weight[:, 0], fall[::-1].tolist() + [1] * 30, atol=1e-6)


def test_tiles_are_no_larger_than_the_scale_asks_for() -> None:
    # 1 / 1.5 of 60 is more than 4/7 of it.
    assert [one.columns for one in tiles(3, 60, 1.5)][:2] == [slice(0, 40), slice(20, 60)]
    assert len(tiles(90, 90, 3.0)) == 9


@pytest.mark.parametrize("scale", [1.1, 1.5, 2.0, 2.5, 3.0, 8.0])
@pytest.mark.parametrize("size", [(70, 95), (33, 5), (1, 2), (3, 1)])
def test_every_pixel_counts_and_those_of_two_tiles_count_once(
    size: tuple[int, int], scale: float
) -> None:
    total = np.zeros(size)
    for tile in tiles(*size, scale):
        assert (tile.weight > 0).all()
        assert np.isfinite(tile.weight).all()
        total[tile.rows, tile.columns] += tile.weight
    assert (total > 0.3).all()
    if scale in (2.0, 3.0) and min(size) > 30:
        np.testing.assert_allclose(total, 1, atol=1e-6)


def test_resampled_with_half_pixel_centres() -> None:
    planes = np.array([[[0, 1, 2, 3]]], dtype=np.float32)
    wanted = [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]
    np.testing.assert_allclose(resample(planes, (1.0, 1.0), (1, 8)), [[wanted]], atol=1e-6)


def test_a_part_of_the_maps_without_what_is_beside_it() -> None:
    planes = np.array([[[0, 1, 50, 50], [2, 3, 50, 50], [90] * 4, [90] * 4]], dtype=np.float32)
    np.testing.assert_allclose(resample(planes, (0.5, 0.5), (2, 2)), [[[0, 1], [2, 3]]])
    wanted = [[0, 0.25, 0.75, 1], [2, 2.25, 2.75, 3]]
    np.testing.assert_allclose(resample(planes, (0.5, 0.5), (2, 4)), [wanted])


def test_both_ways_of_resampling_are_the_same() -> None:
    planes = np.random.default_rng(3).random((2, 7, 5), dtype=np.float32)
    below = np.concatenate([planes, np.full((2, 7, 5), 9, np.float32)], axis=1)
    for size in ((7, 5), (20, 13), (9, 3)):
        np.testing.assert_allclose(
            resample(below, (0.5, 1.0), size), resample(planes, (1.0, 1.0), size), atol=1e-5
        )
