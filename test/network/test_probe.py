# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Values inside the decoder are those of an ordinary pass, and the pass ends at the last."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import relu6

from lwrf_ros.errors import LwrfError
from lwrf_ros.network import build_network, randomise
from lwrf_ros.network.probe import Probe, choose_taps, tap_places


@pytest.fixture(scope="module")
def network():
    network = build_network("mobilenet_v2", 3)
    randomise(network, seed=1)
    return network


def test_the_places_are_named_by_the_stride_of_their_level(network):
    places = tap_places(network)
    assert list(places) == [
        f"stride{stride}.{what}" for stride in (32, 16, 8, 4) for what in ("sum", "crp")
    ]
    assert [place.stride for place in places.values()] == [32, 32, 16, 16, 8, 8, 4, 4]


def test_by_default_the_papers_three_places_are_looked_at(network):
    names = [place.name for place in choose_taps(network, None)]
    assert names == ["stride32.sum", "stride32.crp", "stride16.sum"]


def test_places_come_in_the_order_of_the_pass_whatever_was_asked_first(network):
    names = [place.name for place in choose_taps(network, ["stride8.sum", "stride32.crp"])]
    assert names == ["stride32.crp", "stride8.sum"]


def test_a_place_that_is_not_there_is_refused_with_those_that_are(network):
    with pytest.raises(LwrfError, match=r"stride64\.sum.*wanted one of stride32\.sum"):
        choose_taps(network, ["stride64.sum"])


def test_the_values_are_those_of_the_network(network):
    image = torch.randn(2, 3, 65, 97, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        taps = network.encoder(image)
        deepest = network.decoder.levels[0]
        entering = relu6(deepest.reduce([taps[-1], taps[-2]]))
        leaving = deepest.crp(entering)
    with Probe(network, choose_taps(network, ["stride32.sum", "stride32.crp"])) as probe:
        found = probe(image)
    torch.testing.assert_close(found["stride32.sum"], entering)
    torch.testing.assert_close(found["stride32.crp"], leaving)


def test_nothing_behind_the_last_place_runs(network):
    ran = []
    hook = network.classifier.register_forward_hook(lambda *_: ran.append(True))
    image = torch.zeros(1, 3, 64, 64)
    with Probe(network, choose_taps(network, ["stride4.crp"])) as probe:
        probe(image)
    assert not ran
    with torch.inference_mode():
        assert network(image).shape == (1, 3, 16, 16)  # and the hooks are off again
    hook.remove()
    assert ran
