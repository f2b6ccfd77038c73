# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Heads on a network that stays as it is: what they see, that they learn, how they are scored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_dataset import write_dataset, write_pair

from lwrf_ros.datasets.dataset import Pair, find_pairs, read_image, read_truth
from lwrf_ros.errors import LwrfError
from lwrf_ros.experiments.ablation.heads import (
    Frozen,
    Standardised,
    classification_head,
    classification_loss,
    freeze,
    multi_label_accuracy,
    predict_presence,
    score_segmentation,
    segmentation_head,
    segmentation_loss,
    train_head,
    unit_places,
)
from lwrf_ros.network import RefineNet, build_network, randomise
from lwrf_ros.segmentation.preprocess import Normalisation
from lwrf_ros.training.recipe import heads

SIZE = (64, 96)


@pytest.fixture(scope="module")
def network() -> RefineNet:
    network = build_network("mobilenet_v2", 2, "light_weight_rcu")
    randomise(network, seed=3)
    return network


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    folder = write_dataset(tmp_path_factory.mktemp("heads"), 3, SIZE)
    # An image of another size, whose mask shows one class alone.
    mask = np.full((40, 50), 2, np.uint8)
    write_pair(folder, "other", np.zeros((40, 50, 3), np.uint8), mask)
    return find_pairs(folder)


@pytest.fixture(scope="module")
def frozen(network: RefineNet, pairs: list[Pair]) -> Frozen:
    return freeze(network, unit_places(network), pairs, 3, SIZE, True, 2**26)


def test_without_units_there_is_nothing_between_the_sum_and_crp(network):
    assert [place.name for place in unit_places(network)] == [
        "before RCU",
        "after RCU",
        "after CRP",
    ]
    light = build_network("mobilenet_v2", 2)
    assert [place.name for place in unit_places(light)] == ["before CRP", "after CRP"]


def test_features_are_those_of_the_deepest_level(network, pairs, frozen):
    image = torch.empty(1, 3, *SIZE)
    normalisation = Normalisation(network.mean, network.std, torch.device("cpu"))
    normalisation.apply(torch.from_numpy(read_image(pairs[0].image)), "rgb8", image[0])
    level = network.decoder.levels[0]
    with torch.inference_mode():
        taps = network.encoder(torch.cat([image, image.flip(3)]))
        before = level.reduce([taps[-1], taps[-2]])
        after = level.rcus_in(before)
        behind = level.crp(level.activation(after))
    for name, values in (("before RCU", before), ("after RCU", after), ("after CRP", behind)):
        torch.testing.assert_close(
            frozen.features[name][:2].float(), values, atol=2e-2, rtol=2e-3, msg=name
        )


def test_a_mirrored_image_has_a_mirrored_mask(pairs, frozen):
    assert len(frozen) == 2 * len(pairs)
    assert torch.equal(frozen.masks[1], frozen.masks[0].flip(1))
    assert frozen.masks[0].tolist() == read_truth(pairs[0]).tolist()


def test_presence_is_that_of_the_mask_at_its_own_size(pairs, frozen):
    assert frozen.present[-2:].tolist() == [[False, False, True]] * 2
    for index, pair in enumerate(pairs):
        shown = [bool((read_truth(pair) == label).any()) for label in range(3)]
        assert frozen.present[2 * index].tolist() == shown


def test_more_features_than_memory_are_refused(network, pairs):
    with pytest.raises(LwrfError, match=r"features of 4 images take .*raise --cache-mib"):
        freeze(network, unit_places(network), pairs, 3, SIZE, False, 2**10)


def test_channels_are_standardised_by_the_training_set():
    features = torch.randn(5, 4, 6, 7, generator=torch.Generator().manual_seed(1))
    features = 30 + 20 * features
    features[:, 3] = 7.0  # a dead channel
    seen = Standardised(torch.nn.Identity(), features.half())(features.half())
    torch.testing.assert_close(seen[:, :3].mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-3, rtol=0)
    deviation = seen[:, :3].std(dim=(0, 2, 3), correction=0)
    torch.testing.assert_close(deviation, torch.ones(3), atol=1e-3, rtol=0)
    assert seen[:, 3].abs().max() < 1e-3


def learnt() -> tuple[Frozen, torch.Tensor]:
    """Features that tell the class of each position: two channels, three classes in bands."""
    masks = torch.zeros(6, 32, 48, dtype=torch.uint8)
    features = torch.zeros(6, 2, 4, 6, dtype=torch.float16)
    for index in range(6):
        masks[index, 16:] = 1
        features[index, 0, 2:] = 1
        if index % 2:
            masks[index, :, 24:] = 2
            features[index, 1, :, 3:] = 1
    masks[:, 15:17] = 255
    present = np.array([[(mask == k).any().item() for k in range(3)] for mask in masks])
    return Frozen({"here": features}, masks, present), features


def test_a_head_learns_what_the_features_tell_and_the_features_stay(pairs):
    frozen, features = learnt()
    before = features.clone()
    recipe = replace(heads(), epochs=120, batch=2, decoder_rate=0.05)
    torch.manual_seed(0)
    head = Standardised(segmentation_head(2, 3), features)
    losses: list[float] = []
    loss_of = segmentation_loss(frozen, torch.ones(3))
    train_head(head, features, loss_of, recipe, 0, losses.append)
    assert len(losses) == 120 * 3
    assert losses[-1] < 0.25 * losses[0]
    assert torch.equal(features, before)
    presence = Standardised(classification_head(2, 3), features)
    train_head(presence, features, classification_loss(frozen), recipe, 0)
    found = predict_presence(presence, features)
    assert multi_label_accuracy(found, frozen.present, [0, 1, 2]) == 1.0


def test_the_same_seed_gives_the_same_head():
    frozen, features = learnt()
    recipe = replace(heads(), epochs=2, batch=4)
    weights = []
    for _ in range(2):
        torch.manual_seed(5)
        head = Standardised(segmentation_head(2, 3), features)
        train_head(head, features, segmentation_loss(frozen, torch.ones(3)), recipe, 9)
        weights.append(head.head.weight.detach())
    assert torch.equal(*weights)


def test_labels_are_scored_at_the_masks_size(pairs):
    # A head that always says blue: of the fourth mask all, of others their share.
    head = torch.nn.Conv2d(2, 3, 1)
    with torch.no_grad():
        head.weight.zero_()
        head.bias.copy_(torch.tensor([0.0, 0.0, 1.0]))
    features = torch.zeros(len(pairs), 2, 2, 3)
    truths = [read_truth(pair) for pair in pairs]
    blue = sum(int((truth == 2).sum()) for truth in truths)
    labelled = sum(int((truth != 255).sum()) for truth in truths)
    found = score_segmentation(head, features, pairs, 3)
    assert found == pytest.approx(blue / labelled / 3)


def test_accuracy_counts_answers_and_leaves_the_background_out():
    truth = np.array([[True, True, False], [True, False, False]])
    found = np.array([[False, True, True], [True, False, False]])
    assert multi_label_accuracy(found, truth, [0, 1, 2]) == pytest.approx(4 / 6)
    assert multi_label_accuracy(found, truth, [1, 2]) == pytest.approx(3 / 4)
