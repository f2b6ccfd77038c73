# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Passes that take turns: their order, what is counted, and the paper's claim on the runtime."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from lwrf_ros.experiments.tables.paper import Network
from lwrf_ros.experiments.tables.runtime import WARM_UP_PASSES, Passes, passes_of, take_turns
from lwrf_ros.network import build_network
from lwrf_ros.network.counts import count_operations, count_parameters

CPU = torch.device("cpu")
FIRST, SECOND = Network("resnet50", "original"), Network("resnet50", "light_weight")


class Probe(nn.Module):
    """Notes every image that it is given."""

    def __init__(self, name: str, seen: list[tuple[str, Tensor]]) -> None:
        super().__init__()
        self.name, self.seen = name, seen

    def forward(self, image: Tensor) -> Tensor:
        assert torch.is_inference_mode_enabled()
        self.seen.append((self.name, image.clone()))
        return image


def test_turns() -> None:
    seen: list[tuple[str, Tensor]] = []
    done: list[int] = []
    networks = {FIRST: Probe("a", seen), SECOND: Probe("b", seen)}
    found = take_turns(networks, (4, 6), 3, CPU, torch.bfloat16, lambda: done.append(1))
    turns = WARM_UP_PASSES + 3
    # Another one begins each time, so that nobody always follows the same neighbour.
    assert "".join(name for name, _ in seen) == ("abba" * turns)[: 2 * turns]
    assert len(done) == 2 * turns
    assert all(len(one.times_ms) == 3 for one in found.values())
    assert all(time_ms > 0 for one in found.values() for time_ms in one.times_ms)
    images = [image for _, image in seen]
    assert all(image.shape == (1, 3, 4, 6) for image in images)
    assert all(image.dtype == torch.bfloat16 for image in images)
    # Random, and another one for each pass.
    assert len({tuple(image.flatten().tolist()) for image in images}) == len(images)


def test_figures_by_hand() -> None:
    passes = Passes((4.0, 1.0, 1.0))
    assert (passes.mean_ms, passes.median_ms) == (2.0, 1.0)
    # sqrt((4 + 1 + 1) / 2).
    assert passes.std_ms == pytest.approx(3**0.5)
    assert Passes((7.0,)).std_ms == 0.0


def test_passes_of_real_networks() -> None:
    networks = [Network("mobilenet_v2", "light_weight"), Network("mobilenet_v2", "original")]
    sizes = [(32, 48), (96, 160)]
    found = passes_of(networks, 5, sizes, 5, CPU, "fp32")
    assert list(found) == [(network, size) for size in sizes for network in networks]
    assert all(len(one.times_ms) == 5 for one in found.values())
    for network in networks:
        # Of the quickest passes: others may come while the machine does something else.
        small, large = (min(found[network, size].times_ms) for size in sizes)
        assert small < large


def test_the_papers_claim_of_section_4() -> None:
    """About twice as fast; the bound leaves room for whatever else the machine does."""
    found = passes_of([FIRST, SECOND], 21, [(96, 128)], 5, CPU, "fp32")
    original, light = (min(found[network, (96, 128)].times_ms) for network in (FIRST, SECOND))
    assert original > 1.5 * light


def test_the_papers_claim_of_section_3_on_the_network_that_it_is_about() -> None:
    """There, the RCU blocks are still in: twice fewer parameters, three times fewer operations."""
    figures = []
    for decoder in ("original", "light_weight_rcu"):
        with torch.device("meta"):
            network = build_network("resnet101", 21, decoder)
        figures.append((count_parameters(network), count_operations(network, 512, 512)))
    (parameters, operations), (light_parameters, light_operations) = figures
    assert parameters > 2 * light_parameters
    assert operations > 3 * light_operations
