# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which units are looked at, on maps made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.receptive_field.units import choose_units, most_activated
from lwrf_ros.network.probe import TapPlace

TAP = TapPlace("stride8.sum", 8, nn.Identity(), True)
SIZE = (24, 32)


def the_map() -> np.ndarray:
    """Three channels of 3 by 4: peaks of 5 at (2, 1), 7 at (0, 3), and nothing."""
    values = np.zeros((3, 3, 4), dtype=np.float32)
    values[0, 2, 1] = 5
    values[1, 0, 3] = 7
    return values


def chosen(channels=None, places=None, top=1):
    rows = choose_units([TAP], {TAP.name: the_map()}, SIZE, top, channels, places)
    return [(unit.channel, unit.row, unit.column, unit.activation) for (unit,) in rows]


def test_the_most_activated_channels_come_first_where_they_peak():
    assert chosen(top=2) == [(1, 0, 3, 7.0), (0, 2, 1, 5.0)]


def test_what_the_activation_cut_off_is_left_out():
    values = the_map()
    values[1, 0, 2] = values[2, 1, 1] = 7  # two channels reach the ceiling
    assert [unit.channel for unit in most_activated(TAP, values, 1)] == [0]


def test_too_few_active_channels_are_refused_with_the_way_out():
    with pytest.raises(LwrfError, match=r"2 of 3 channels of stride8\.sum.*wanted 3: lower --top"):
        chosen(top=3)


def test_a_channel_is_taken_where_it_peaks():
    assert chosen(channels=[0]) == [(0, 2, 1, 5.0)]


def test_a_place_takes_all_channels_of_the_nearest_position():
    # x = 0.8 * 32 = 25.6, nearest to position 3; y = 0, to position 0.
    assert chosen(places=[(0.8, 0.0)]) == [(None, 0, 3, 7.0)]
    assert chosen(places=[(1.0, 1.0)]) == [(None, 2, 3, 0.0)]


def test_a_place_with_channels_takes_each_there():
    assert chosen(channels=[0, 1], places=[(0.25, 1.0)]) == [(0, 2, 1, 5.0), (1, 2, 1, 0.0)]


def test_a_channel_that_is_not_there_is_refused():
    with pytest.raises(LwrfError, match=r"unit is 3, but .* has 3 channels; wanted 0 to 2"):
        chosen(channels=[1, 3])


def test_a_unit_is_centred_on_the_pixel_that_its_position_stands_for():
    ((unit,),) = choose_units([TAP], {TAP.name: the_map()}, SIZE, 1, [0], None)
    assert unit.centre_px == (8.5, 16.5)
