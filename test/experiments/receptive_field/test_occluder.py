# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Networks whose receptive fields are known: a value changes inside of them and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.receptive_field.occluder import Occluder, discrepancy
from lwrf_ros.experiments.receptive_field.units import Unit
from lwrf_ros.network import build_network, randomise
from lwrf_ros.network.decoder import ChainedResidualPooling
from lwrf_ros.network.probe import Probe, TapPlace, choose_taps

SIDE = 40


def the_crp() -> ChainedResidualPooling:
    """A CRP of three channels that hands each on as it is: every link is what the pools saw."""
    crp = ChainedResidualPooling(3)
    with torch.no_grad():
        for stage in crp.stages:
            stage.weight.copy_(torch.eye(3).view(3, 3, 1, 1))
    return crp.eval()


def places_of(crp: ChainedResidualPooling) -> list[TapPlace]:
    return [TapPlace("before", 1, crp, False), TapPlace("behind", 1, crp, True)]


def test_squares_cover_the_image_and_stay_inside():
    occluder = Occluder(6, 4, "grey")
    covered = np.zeros((10, 7), dtype=int)
    patches = list(occluder.patches((10, 7)))
    assert len(patches) == np.prod(occluder.cells((10, 7))) == 3 * 2
    for rows, columns in patches:
        covered[rows, columns] += 1
    assert covered.min() >= 1
    # Cell 1 of the rows is 4 to 8, its square one pixel larger on each side.
    assert patches[2][0] == slice(3, 9)


def test_steps_that_leave_gaps_are_refused():
    with pytest.raises(LwrfError, match="stride is 9, patch 8; wanted a stride of at most 8"):
        Occluder(8, 9, "grey")


@pytest.mark.parametrize("fill", ["grey", "mean", "noise"])
def test_the_filling_is_what_it_is_called(fill):
    image = torch.randn(3, 30, 30, generator=torch.Generator().manual_seed(1)) + 2
    filling = Occluder(8, 8, fill).filling(image)
    assert filling.shape == image.shape
    means = filling.mean(dim=(1, 2))
    expected = torch.zeros(3) if fill == "grey" else image.mean(dim=(1, 2))
    torch.testing.assert_close(means, expected, atol=0.15, rtol=0)
    deviation = float(filling.std(dim=(1, 2)).mean())
    assert deviation == pytest.approx(1 if fill == "noise" else 0, abs=0.1)
    assert torch.equal(filling, Occluder(8, 8, fill).filling(image))


def test_crp_sees_eight_positions_to_each_side_and_its_input_one_only():
    # Four 5x5 pools behind each other reach 8 positions; a square of 5 reaches 2 more.
    image = torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    crp = the_crp()
    places = places_of(crp)
    units = [Unit(place, None, 20, 20, 0.0) for place in places]
    with Probe(crp, places) as probe:
        before, behind = discrepancy(probe, image, Occluder(5, 1, "grey"), units)
    assert abs(np.argwhere(before) - 20).max() == 2
    assert 2 < abs(np.argwhere(behind) - 20).max() <= 8 + 2


def test_the_furthest_value_that_crp_sees_changes_it():
    image = torch.zeros(3, SIDE, SIDE)
    image[:, 12, 28] = 5.0  # 8 positions above and to the right of the unit
    crp = the_crp()
    places = places_of(crp)
    with Probe(crp, places) as probe:
        units = [Unit(places[1], 1, 20, 20, 0.0), Unit(places[1], 1, 21, 20, 0.0)]
        near, far = discrepancy(probe, image, Occluder(1, 1, "grey"), units)
    assert np.argwhere(near).tolist() == [[12, 28]]
    assert near[12, 28] == pytest.approx(5.0)  # the fourth link alone reaches it
    assert not far.any()


def test_without_links_crp_changes_as_its_input_does():
    crp = the_crp()
    with torch.no_grad():
        for stage in crp.stages:
            stage.weight.zero_()
    image = torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(3))
    places = places_of(crp)
    units = [Unit(place, None, 11, 7, 0.0) for place in places]
    with Probe(crp, places) as probe:
        before, behind = discrepancy(probe, image, Occluder(4, 2, "grey"), units)
    assert before.any()
    np.testing.assert_array_equal(before, behind)


def test_in_a_real_network_a_shallow_place_sees_part_of_the_image_and_progress_is_told():
    network = build_network("mobilenet_v2", 2)
    randomise(network, seed=4)
    places = choose_taps(network, ["stride4.sum"])
    image = torch.randn(3, 64, 96, generator=torch.Generator().manual_seed(5))
    told = []
    with Probe(network, places) as probe:
        found = probe(image[None])["stride4.sum"]
        unit = Unit(places[0], 5, 8, 12, float(found[0, 5, 8, 12]))
        changes = discrepancy(probe, image, Occluder(32, 32, "grey"), [unit], told.append)
    assert changes.shape == (1, 2, 3)
    assert (changes >= 0).all()
    assert changes.any()
    assert sum(told) == 6
