# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The whole network: sizes, seeds, modes, and what `build_network` refuses."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
import torch

from lwrf_ros.backbones import BACKBONES, DECODERS
from lwrf_ros.errors import LwrfError
from lwrf_ros.network import RefineNet, build_network, randomise


@pytest.fixture(scope="module")
def network() -> RefineNet:
    torch.manual_seed(0)
    return build_network("mobilenet_v2", 3)


@pytest.mark.parametrize("backbone", ["resnet50", "mobilenet_v2"])
def test_logits_are_a_quarter_of_any_size(backbone: str) -> None:
    generator = random.Random(5)
    drawn = [(generator.randint(32, 200), generator.randint(32, 200)) for _ in range(5)]
    with torch.device("meta"):
        network = build_network(backbone, 3)
        for height, width in [(32, 33), (34, 35), (63, 64), (65, 66), *drawn]:
            shape = network(torch.empty(2, 3, height, width)).shape
            assert shape == (2, 3, (height + 3) // 4, (width + 3) // 4)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 35), (47, 64), (101, 32)])
def test_the_same_with_real_values(network: RefineNet, height: int, width: int) -> None:
    with torch.inference_mode():
        logits = network(torch.randn(1, 3, height, width))
    assert logits.shape == (1, 3, (height + 3) // 4, (width + 3) // 4)
    assert logits.dtype == torch.float32
    assert bool(torch.isfinite(logits).all())


def test_images_of_a_batch_do_not_mix(network: RefineNet) -> None:
    batch = torch.randn(3, 3, 40, 52, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        together = network(batch)
        alone = torch.cat([network(image[None]) for image in batch])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_a_fixed_seed_gives_the_same_weights_and_another_seed_others() -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(build_network("mobilenet_v2", 3).state_dict())
    first, same, other = states
    assert all(torch.equal(first[key], same[key]) for key in first)
    assert not torch.equal(first["classifier.weight"], other["classifier.weight"])


@pytest.mark.parametrize("decoder", DECODERS)
def test_random_weights_are_the_seeds_alone(decoder: str) -> None:
    states, threads_before = [], torch.get_num_threads()
    for torch_seed, threads, seed in ((1, 1, 7), (2, 2, 7), (1, 1, 8)):
        torch.manual_seed(torch_seed)
        torch.set_num_threads(threads)
        network = build_network("mobilenet_v2", 3, decoder)
        randomise(network, seed)
        states.append(network.state_dict())
    torch.set_num_threads(threads_before)
    first, same, other = states
    assert [key for key in first if not torch.equal(first[key], same[key])] == []
    assert not torch.equal(first["classifier.weight"], other["classifier.weight"])


def test_it_is_built_in_evaluation_mode_with_its_description(network: RefineNet) -> None:
    assert not any(module.training for module in network.modules())
    assert (network.backbone, network.decoder_name) == ("mobilenet_v2", "light_weight")
    assert (network.num_classes, network.input_size) == (3, None)
    assert network.mean == (0.485, 0.456, 0.406)
    assert network.std == (0.229, 0.224, 0.225)


def test_its_modules_have_readable_names(network: RefineNet) -> None:
    assert [name for name, _ in network.named_children()] == ["encoder", "decoder", "classifier"]
    assert "decoder.levels.0.crp.stages.3.weight" in network.state_dict()


@pytest.mark.parametrize("num_classes", [1, 255])
def test_class_count_limits_are_allowed(num_classes: int) -> None:
    with torch.device("meta"):
        network = build_network("mobilenet_v2", num_classes)
        assert network(torch.empty(1, 3, 32, 32)).shape[1] == num_classes


@pytest.mark.parametrize("num_classes", [0, -1, 256, 1000, 2.0, "11", None, True])
def test_other_class_counts_are_refused(num_classes: Any) -> None:
    with pytest.raises(LwrfError, match=f"num_classes is .*{num_classes}.*1 to 255"):
        build_network("mobilenet_v2", num_classes)


def test_an_unknown_backbone_is_refused_with_the_known_ones() -> None:
    with pytest.raises(LwrfError) as caught:
        build_network("resnet34", 3)
    assert "'resnet34'" in str(caught.value)
    assert all(name in str(caught.value) for name in BACKBONES)


def test_an_unknown_decoder_is_refused_with_the_known_ones() -> None:
    with pytest.raises(LwrfError, match=r"decoder is 'heavy'; wanted one of .*light_weight"):
        build_network("mobilenet_v2", 3, decoder="heavy")


def test_the_temperature_is_1_until_it_is_set() -> None:
    network = build_network("mobilenet_v2", 3)
    names = set(network.state_dict())
    assert network.temperature == 1.0
    network.temperature = 2
    assert (network.temperature, type(network.temperature)) == (2.0, float)
    assert copy.deepcopy(network).temperature == 2.0
    assert set(network.state_dict()) == names


@pytest.mark.parametrize("value", [0.0, -1.0, 0.0099, 100.1, float("inf"), float("nan")])
def test_temperatures_that_cannot_be(network: RefineNet, value: float) -> None:
    with pytest.raises(LwrfError, match=r"temperature is .*; wanted a number from 0.01 to 100"):
        network.temperature = value
    assert network.temperature == 1.0
