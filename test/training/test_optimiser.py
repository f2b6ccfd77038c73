# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Which weights move how fast, where they start, and their running average."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn

from lwrf_ros.backbones import DECODERS
from lwrf_ros.network import build_network
from lwrf_ros.network.decoder import BottleneckUnit, ChainedResidualPooling, ResidualConvUnit
from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.training.optimiser import RunningAverage, build_optimiser, initialise, set_rate
from lwrf_ros.training.recipe import fine_tuning, from_scratch


@pytest.fixture
def network() -> RefineNet:
    return build_network("mobilenet_v2", 3)


@pytest.fixture
def heads() -> nn.ModuleList:
    return nn.ModuleList([nn.Conv2d(4, 3, 1)])


# ---- groups


def test_every_weight_moves_at_the_rate_and_decay_of_its_part(
    network: RefineNet, heads: nn.ModuleList
) -> None:
    recipe = replace(from_scratch(), encoder_rate=0.1, decoder_rate=0.7, weight_decay=0.03)
    found: dict[int, tuple[float, float, float]] = {}
    for group in build_optimiser(network, heads, recipe).param_groups:
        for parameter in group["params"]:
            assert id(parameter) not in found
            found[id(parameter)] = group["lr"], group["peak"], group["weight_decay"]
    named = [*network.named_parameters(), *heads.named_parameters("heads")]
    assert len(found) == len(named)
    for name, parameter in named:
        rate = 0.1 if name.startswith("encoder.") else 0.7
        # Batch norm and biases are pulled nowhere.
        decay = 0.0 if ".norm" in name or name.endswith(".bias") else 0.03
        assert found[id(parameter)] == (rate, rate, decay), name


def test_what_is_frozen_is_left_out(network: RefineNet, heads: nn.ModuleList) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.requires_grad_(False)
    groups = build_optimiser(network, heads, fine_tuning("mobilenet_v2")).param_groups
    moving = {id(parameter) for group in groups for parameter in group["params"]}
    frozen = {name for name, p in network.named_parameters() if id(p) not in moving}
    assert frozen and all(".norm" in name for name in frozen)
    # The encoder has no biases beside those of its norms: one group less.
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [
        (1e-3, 1e-5),
        (1e-2, 1e-5),
        (1e-2, 0.0),
    ]


def test_optimisers_take_their_momentum(network: RefineNet, heads: nn.ModuleList) -> None:
    recipe = replace(from_scratch(), optimiser="sgd", momentum=0.8)
    sgd = build_optimiser(network, heads, recipe)
    assert isinstance(sgd, torch.optim.SGD)
    assert {group["momentum"] for group in sgd.param_groups} == {0.8}
    adam = build_optimiser(network, heads, replace(recipe, optimiser="adamw"))
    assert isinstance(adam, torch.optim.AdamW)
    assert {group["betas"] for group in adam.param_groups} == {(0.8, 0.99)}


def test_rates_are_shares_of_the_peak(network: RefineNet, heads: nn.ModuleList) -> None:
    optimiser = build_optimiser(network, heads, fine_tuning("mobilenet_v2"))
    for factor in (0.5, 0.25, 1.0):
        set_rate(optimiser, factor)
        rates = sorted({group["lr"] for group in optimiser.param_groups})
        assert rates == pytest.approx([1e-3 * factor, 1e-2 * factor])


# ---- first weights


def test_first_weights_follow_the_seed_alone(network: RefineNet) -> None:
    drawn = []
    for seed in (5, 5, 6):
        torch.rand(3)  # from the global source, which does not matter
        before = torch.get_rng_state()
        initialise(network, torch.Generator().manual_seed(seed))
        assert torch.equal(torch.get_rng_state(), before)
        drawn.append({name: value.clone() for name, value in network.state_dict().items()})
    kernels = [name for name, value in drawn[0].items() if value.ndim == 4]
    assert all(torch.equal(drawn[0][name], drawn[1][name]) for name in drawn[0])
    assert not any(torch.equal(drawn[0][name], drawn[2][name]) for name in kernels)


def test_first_weights_keep_the_spread_of_what_they_are_given(network: RefineNet) -> None:
    initialise(network, torch.Generator().manual_seed(0))

    def spread(kernel: torch.Tensor) -> float:
        std, mean = torch.std_mean(kernel.detach())
        assert abs(mean) < 0.1 * std
        return std.item()

    # 320 channels of 1 x 1 in the encoder: sqrt(2 / 320), half the pixels being cut by a ReLU.
    name, kernel = next(
        (name, p) for name, p in network.encoder.named_parameters() if p.shape[:2] == (320, 960)
    )
    assert spread(kernel) == pytest.approx((2 / 960) ** 0.5, rel=0.02), name
    # 256 channels in the decoder, and half of that in the links of CRP.
    level = network.decoder.levels[0]
    assert spread(level.project.weight) == pytest.approx(1 / 16, rel=0.02)
    crp = next(m for m in network.modules() if isinstance(m, ChainedResidualPooling))
    assert [spread(stage.weight) for stage in crp.stages] == pytest.approx([1 / 32] * 4, rel=0.02)
    unit = ResidualConvUnit(256), BottleneckUnit(256)
    network.decoder.levels[0].rcus_in = nn.Sequential(*unit)
    initialise(network, torch.Generator().manual_seed(0))
    # 256 channels of 3 x 3, and half of 128 channels of 1 x 1.
    assert spread(unit[0].last.weight) == pytest.approx(0.5 / 48, rel=0.02)
    assert spread(unit[1].last.weight) == pytest.approx(0.5 / 128**0.5, rel=0.02)
    # The classifier sees 3 x 3 x 256 numbers; at first it hardly says anything.
    assert spread(network.classifier.weight) == pytest.approx(0.1 / 48, rel=0.05)
    assert (network.classifier.bias == 0).all()


def test_first_weights_leave_batch_norm_as_it_was_built(network: RefineNet) -> None:
    initialise(network, torch.Generator().manual_seed(0))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all() and (module.bias == 0).all()
            assert (module.running_mean == 0).all() and (module.running_var == 1).all()


@pytest.mark.parametrize("decoder", DECODERS)
def test_first_logits_are_moderate(decoder: str) -> None:
    network = build_network("mobilenet_v2", 3, decoder)
    initialise(network, torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = network.train()(torch.randn(2, 3, 64, 64))
    assert 0.01 < logits.std() < 0.8
    assert logits.abs().max() < 5


# ---- running average


class Small(nn.Module):
    """One number that is learnt, one that batch norm measures, one that it counts."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([value]))
        self.norm = nn.BatchNorm2d(1)

    def set(self, value: float) -> None:
        with torch.no_grad():
            self.weight.fill_(value)
            self.norm.running_mean.fill_(2 * value)
            self.norm.num_batches_tracked += 1


def averaged(average: RunningAverage) -> tuple[float, float]:
    other = Small(-1.0)
    average.copy_to(other)
    return other.weight.item(), other.norm.running_mean.item()


def test_running_average() -> None:
    network = Small(1.0)
    average = RunningAverage(network, 0.2)
    assert averaged(average) == (1, 0)
    network.set(12.0)
    average.update()
    # The first step keeps 2/11: 1 * 2/11 + 12 * 9/11; and 0 * 2/11 + 24 * 9/11.
    assert averaged(average) == pytest.approx((10, 216 / 11))
    network.set(0.0)
    average.update()
    # The second would keep 3/12, which is more than the decay.
    assert averaged(average) == pytest.approx((2, 0.2 * 216 / 11))


def test_a_slow_average_forgets_its_first_weights_soon() -> None:
    network = Small(1.0)
    average = RunningAverage(network, 0.998)
    kept = 1.0
    network.set(0.0)
    for step in range(1, 41):
        average.update()
        kept *= (1 + step) / (10 + step)
    assert averaged(average)[0] == pytest.approx(kept, rel=1e-4)
    assert kept < 1e-4


def test_no_average_follows_the_network() -> None:
    network = Small(1.0)
    average = RunningAverage(network, 0.0)
    for value in (3.0, -7.5):
        network.set(value)
        average.update()
        assert averaged(average) == (value, 2 * value)


def test_the_average_takes_nothing_but_copies() -> None:
    network = Small(4.0)
    average = RunningAverage(network, 0.9)
    other = Small(0.0)
    average.copy_to(other)
    other.set(100.0)
    network.set(50.0)
    assert averaged(average) == (4, 0)
    # The counter is no statistic, and stays the other's own.
    assert other.norm.num_batches_tracked == 1


def test_the_average_continues_where_it_was() -> None:
    network, again = Small(1.0), Small(9.0)
    average, restored = RunningAverage(network, 0.9), RunningAverage(again, 0.9)
    values = [5.0, -2.0, 8.0, 3.0]
    for value in values[:2]:
        network.set(value)
        average.update()
    state = average.state()
    kept = {name: value.clone() for name, value in state["values"].items()}
    restored.restore({"steps": state["steps"], "values": kept})
    for value in values[2:]:
        for one, its_average in ((network, average), (again, restored)):
            one.set(value)
            its_average.update()
    assert averaged(restored) == averaged(average)


def test_averages_differ_by_their_decay() -> None:
    network = Small(0.0)
    averages = [RunningAverage(network, decay) for decay in (0.0, 0.2, 0.5, 0.9)]
    for step in range(1, 30):
        network.set(float(step))
        for average in averages:
            average.update()
    assert all(a > b for a, b in pairwise(averaged(average)[0] for average in averages))
