# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Sizes of receptive fields that are known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from lwrf_ros.experiments.receptive_field.field import CentredMean, field_of, pixel_map, size_of


def test_cells_become_pixels_as_shares_of_the_largest():
    cells = np.array([[0.0, 4.0], [0.0, 2.0]], dtype=np.float32)
    values = pixel_map(cells, 8, (16, 13))
    assert values.shape == (16, 13)
    assert values.max() == 1
    assert values[0, 0] == 0
    # A cell's value holds at its centre, x = 12.
    assert values[15, 12] == pytest.approx(0.5)


def test_where_nothing_changes_there_is_no_field():
    values = pixel_map(np.zeros((2, 2), dtype=np.float32), 8, (16, 16))
    size = size_of(values, (8.5, 8.5), 0.0)
    assert (size.side_px, size.share, size.spread_px) == (0, 0, None)


def test_the_side_is_that_of_the_square_of_the_same_area():
    values = np.zeros((40, 50), dtype=np.float32)
    values[10:20, 5:45] = 1
    size = size_of(values, (25.0, 15.0), 0.5)
    assert size.side_px == pytest.approx(20)
    assert size.share == pytest.approx(0.2)
    # Uniform over 10 by 40 pixels around the centre: (10² - 1 + 40² - 1) / 12.
    assert size.spread_px == pytest.approx((1698 / 12) ** 0.5)


def test_what_changes_less_than_the_threshold_is_outside():
    values = np.array([[1.0, 0.5, 0.49, 0.0]], dtype=np.float32)
    assert field_of(values, 0.5).tolist() == [[True, True, False, False]]
    assert field_of(values, 0.0).tolist() == [[True, True, True, False]]


def test_fields_of_units_at_different_places_lie_on_each_other_in_the_mean():
    mean = CentredMean((20, 30))
    for x, y in ((3, 5), (25, 16)):
        values = np.zeros((20, 30), dtype=np.float32)
        values[y, x] = 1
        mean.add(values, (x + 0.5, y + 0.5))
    found = mean.mean()
    assert found.shape == (40, 60)
    assert found.sum() == 1
    assert found[20, 30] == 1
    assert mean.centre_px == (30.5, 20.5)
