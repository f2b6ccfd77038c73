# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The loss against values worked out by hand, and that its parts leave the network alone."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from lwrf_ros.network import build_network
from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.training.objective import (
    Objective,
    balanced_class_weights,
    divergence,
    soft_jaccard_loss,
)
from lwrf_ros.training.recipe import Recipe, plain

NO = 255


@pytest.fixture(scope="module")
def shared_network() -> RefineNet:
    """For objectives without classifiers on deeper levels, which hang nothing on it."""
    return build_network("mobilenet_v2", 2)


@pytest.fixture
def network() -> RefineNet:
    return build_network("mobilenet_v2", 3).train()


def weighing(overlap: float = 0, auxiliary: float = 0, **others: float) -> Recipe:
    """A recipe with these weights of the losses."""
    return replace(plain(), overlap=overlap, auxiliary=auxiliary, **others)


def truth(*rows: list[int]) -> Tensor:
    return torch.tensor([rows])


def odds(*values: float) -> Tensor:
    """Logits ``(1, C, 1, 1)`` with these odds."""
    return torch.tensor(values).log().view(1, -1, 1, 1)


# ---- cross entropy


@pytest.mark.parametrize(
    ("weights", "loss"),
    [
        # Every pixel is given 3/4 for class 0 and 1/4 for class 1; two of four have a label.
        ((1.0, 1.0), -(math.log(3 / 4) + math.log(1 / 4)) / 2),
        ((2.0, 0.5), -(2 * math.log(3 / 4) + 0.5 * math.log(1 / 4)) / 2),
    ],
)
def test_cross_entropy(
    shared_network: RefineNet, weights: tuple[float, float], loss: float
) -> None:
    objective = Objective(shared_network, torch.tensor(weights), weighing(0, 0))
    found = objective(odds(3, 1), truth([0, NO], [NO, 1]))
    assert found.item() == pytest.approx(loss)


def test_logits_are_stretched_to_the_labels(shared_network: RefineNet) -> None:
    objective = Objective(shared_network, torch.ones(2), weighing(0, 0))
    logits = torch.tensor([[[[0.0, 4.0]], [[0.0, 0.0]]]])
    # Centres at halves: 0, 1, 3, 4 for four columns.
    wanted = sum(math.log1p(math.exp(-x)) for x in (0, 1, 3, 4)) / 4
    assert objective(logits, truth([0, 0, 0, 0])).item() == pytest.approx(wanted)


def test_half_precision_logits_are_scored_in_full(shared_network: RefineNet) -> None:
    objective = Objective(shared_network, torch.ones(2), weighing(1.0, 0))
    loss = objective(odds(3, 1).bfloat16(), truth([0, 1]))
    assert loss.dtype == torch.float32


# ---- soft Jaccard


def test_soft_jaccard() -> None:
    scores = odds(3, 1).expand(1, 2, 2, 2)
    loss = soft_jaccard_loss(scores, truth([0, NO], [NO, 1]))
    # Of the two labelled pixels: class 0 shares 3/4 of 1 + 3/2 - 3/4, class 1 1/4 of 1 + 1/2 - 1/4.
    assert loss.item() == pytest.approx(1 - (3 / 7 + 1 / 5) / 2)


def test_soft_jaccard_beside_the_cross_entropy(shared_network: RefineNet) -> None:
    objective = Objective(shared_network, torch.ones(2), weighing(0.5, 0))
    entropy = -(math.log(3 / 4) + math.log(1 / 4)) / 2
    jaccard = 1 - (3 / 7 + 1 / 5) / 2
    found = objective(odds(3, 1), truth([0, NO], [NO, 1]))
    assert found.item() == pytest.approx(entropy + 0.5 * jaccard)


def sure(labels: Tensor, classes: int) -> Tensor:
    """Logits that leave no doubt."""
    hot = torch.nn.functional.one_hot(labels, classes).permute(0, 3, 1, 2)
    return 200.0 * hot.float()


def test_soft_jaccard_of_perfect_and_worst_labels() -> None:
    labels = truth([0, 1, 1], [2, 2, 0])
    assert soft_jaccard_loss(sure(labels, 4), labels).item() == pytest.approx(0, abs=1e-6)
    worst = soft_jaccard_loss(sure((labels + 1) % 3, 4), labels)
    assert worst.item() == pytest.approx(1, abs=1e-6)


def test_soft_jaccard_counts_the_classes_that_are_there() -> None:
    # Class 0 all right; class 1 half taken for class 3, which is not there and has no index.
    labels, said = truth([0, 0, 1, 1]), truth([0, 0, 1, 3])
    assert soft_jaccard_loss(sure(said, 4), labels).item() == pytest.approx(1 - (1 + 1 / 2) / 2)


def test_soft_jaccard_leaves_unlabelled_pixels_out() -> None:
    labels = truth([0, 1, NO, NO])
    one, other = sure(truth([0, 1, 0, 1]), 2), sure(truth([0, 1, 1, 1]), 2)
    assert torch.equal(soft_jaccard_loss(one, labels), soft_jaccard_loss(other, labels))
    assert soft_jaccard_loss(one, labels).item() == pytest.approx(0, abs=1e-6)


def test_soft_jaccard_pulls_the_right_way() -> None:
    scores = torch.zeros(1, 2, 1, 2, requires_grad=True)
    soft_jaccard_loss(scores, truth([0, NO])).backward()
    assert scores.grad is not None
    assert scores.grad[0, 0, 0, 0] < 0 < scores.grad[0, 1, 0, 0]
    assert (scores.grad[..., 1] == 0).all()


# ---- nothing labelled


def test_a_batch_without_labels_teaches_nothing(network: RefineNet) -> None:
    objective = Objective(network, torch.ones(3), weighing(0.5, 0.3)).train()
    logits = network(torch.rand(2, 3, 32, 32))
    loss = objective(logits, torch.full((2, 32, 32), NO))
    assert loss.item() == 0
    loss.backward()
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    assert gradients
    assert all((gradient == 0).all() for gradient in gradients)


# ---- class weights


def test_class_weights() -> None:
    # Shares of 9/10 and 1/10: their roots' inverses stand as 1 to 3, and 9/10 w + 1/10 3w = 1.
    weights = balanced_class_weights(torch.tensor([90, 10, 0]), 0.5)
    np.testing.assert_allclose(weights, torch.tensor([5 / 6, 5 / 2, 1.0]), rtol=1e-5)
    assert weights.dtype == torch.float32
    full = balanced_class_weights(torch.tensor([90, 10]), 1.0)
    np.testing.assert_allclose(full, torch.tensor([5 / 9, 5.0]), rtol=1e-5)


@pytest.mark.parametrize("exponent", [0.0, 0.3, 1.0])
def test_class_weights_have_a_mean_of_one_over_the_pixels(exponent: float) -> None:
    pixels = torch.tensor([10_000_000_000, 3_000_000, 17, 0, 400])
    weights = balanced_class_weights(pixels, exponent)
    mean = (weights.double() * pixels / pixels.sum()).sum()
    assert mean.item() == pytest.approx(1, rel=1e-6)
    assert weights[3] == 1
    if not exponent:
        np.testing.assert_allclose(weights, torch.ones(5), rtol=1e-5)


# ---- classifiers on deeper levels


def test_classifiers_on_deeper_levels_are_there_on_demand(network: RefineNet) -> None:
    assert len(Objective(network, torch.ones(3), weighing(0.5, 0)).heads) == 0
    heads = Objective(network, torch.ones(3), weighing(0.5, 0.3)).heads
    # Mobilenet's decoder has levels at a 32nd, 16th and 8th beside that of the classifier.
    assert [tuple(head.weight.shape) for head in heads] == [(3, 256, 1, 1)] * 3


def test_what_deeper_levels_add(network: RefineNet) -> None:
    objective = Objective(network, torch.tensor([2.0, 1.0, 1.0]), weighing(0, 0.3)).train()
    for head in objective.heads:
        torch.nn.init.zeros_(head.weight)
    target = torch.full((1, 64, 64), NO)
    target[:, :32] = 0
    found = objective(network(torch.rand(1, 3, 64, 64)) * 0, target)
    # Everything equally probable: ln 3 a pixel, twice for its weight, from the head and below.
    assert found.item() == pytest.approx(2 * math.log(3) * 1.3, rel=1e-5)


def test_deeper_levels_see_the_labels_at_their_size(network: RefineNet) -> None:
    """Labels in the left half, at every level: a head that always says class 1 is right there."""
    objective = Objective(network, torch.ones(3), weighing(0, 1.0)).train()
    target = torch.full((1, 64, 64), NO)
    target[:, :, :32] = 1
    network(torch.rand(1, 3, 64, 64))
    # What the levels hand up is replaced by ones on the left and minus ones on the right.
    for index, features in enumerate(objective._seen):
        half = features.shape[3] // 2
        sign = torch.ones_like(features)
        sign[..., half:] = -1
        objective._seen[index] = sign
    for head in objective.heads:
        torch.nn.init.zeros_(head.weight)
        with torch.no_grad():
            head.weight[1] = 1.0
    sure_of_one = torch.tensor([0.0, 200.0, 0.0]).view(1, 3, 1, 1)
    assert objective(sure_of_one, target).item() == pytest.approx(0, abs=1e-5)


def test_deeper_levels_are_only_listened_to_in_training(network: RefineNet) -> None:
    objective = Objective(network, torch.ones(3), weighing(0, 0.3)).train()
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        network.eval()(image)
    assert objective._seen == []
    objective.eval()
    network(image)
    assert objective._seen == []
    objective.train()
    logits = network(image)
    assert len(objective._seen) == 3
    objective(logits, torch.zeros(1, 32, 32, dtype=torch.long))
    # Handed over, not kept: another step would else see this one's.
    assert objective._seen == []


def test_the_network_stays_as_it_was(network: RefineNet) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    objective = Objective(network, torch.ones(3), weighing(0.5, 0.3))
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not set(map(id, objective.parameters())) & set(map(id, network.parameters()))
    # The weights of the classes come from the data, not from a state.
    assert set(objective.state_dict()) == {f"heads.{index}.weight" for index in range(3)}


# ---- a teacher's probabilities


def taught(*pixels: tuple[float, ...]) -> Tensor:
    """Probabilities ``(1, C, 1, W)`` of pixels side by side."""
    return torch.tensor(pixels).T.reshape(1, len(pixels[0]), 1, len(pixels))


def test_divergence_of_two_distributions() -> None:
    found = divergence(odds(3, 1), taught((0.5, 0.5)), torch.ones(2), 1.0)
    wanted = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    assert found.item() == pytest.approx(wanted)
    assert divergence(odds(3, 1), taught((0.75, 0.25)), torch.ones(2), 1.0).item() == pytest.approx(
        0, abs=1e-6
    )


def test_divergence_of_a_sure_teacher_is_the_cross_entropy() -> None:
    found = divergence(odds(3, 1), taught((0.0, 1.0)), torch.ones(2), 1.0)
    assert found.item() == pytest.approx(math.log(4))


def test_divergence_counts_a_pixel_by_what_the_teacher_knows_of_it() -> None:
    # A pixel that is known whole, one by a half (the rest was none of the classes), one not at all.
    soft = taught((0.0, 1.0), (0.5, 0.0), (0.0, 0.0))
    logits = odds(3, 1).expand(1, 2, 1, 3)
    found = divergence(logits, soft, torch.ones(2), 1.0)
    assert found.item() == pytest.approx((math.log(4) + 0.5 * math.log(4 / 3)) / 1.5)


def test_divergence_weighs_pixels_by_class() -> None:
    soft = taught((0.0, 1.0), (1.0, 0.0))
    logits = odds(3, 1).expand(1, 2, 1, 2)
    found = divergence(logits, soft, torch.tensor([0.5, 2.0]), 1.0)
    assert found.item() == pytest.approx((2 * math.log(4) + 0.5 * math.log(4 / 3)) / 2)


def test_divergence_at_a_temperature() -> None:
    """At 2 the square roots of the odds are compared: 3 to 1 for 9 to 1, 1 to 1 for 1 to 1."""
    found = divergence(odds(1, 1), taught((0.9, 0.1)), torch.ones(2), 2.0)
    wanted = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert found.item() == pytest.approx(2**2 * wanted, rel=1e-5)


def test_divergence_of_nothing_known_is_nothing() -> None:
    logits = torch.zeros(1, 2, 1, 1, requires_grad=True)
    loss = divergence(logits, taught((0.0, 0.0)), torch.ones(2), 3.0)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None and (logits.grad == 0).all()


def test_probabilities_beside_masks_and_alone(shared_network: RefineNet) -> None:
    soft, target = taught((0.0, 1.0)), truth([0])
    hard_loss, soft_loss = math.log(4 / 3), math.log(4)
    for hard, distill in ((1.0, 0.5), (0.25, 2.0), (0.0, 1.0)):
        recipe = weighing(hard=hard, distill=distill)
        objective = Objective(shared_network, torch.ones(2), recipe)
        found = objective(odds(3, 1), target, soft).item()
        assert found == pytest.approx(hard * hard_loss + distill * soft_loss)


def test_deeper_levels_learn_from_probabilities(network: RefineNet) -> None:
    """A teacher that is sure of class 1: ln 3 for a head that finds everything as probable."""
    recipe = weighing(auxiliary=0.5, hard=0.0, distill=2.0)
    objective = Objective(network, torch.ones(3), recipe).train()
    for head in objective.heads:
        torch.nn.init.zeros_(head.weight)
    soft = torch.zeros(1, 3, 16, 16)
    soft[:, 1] = 1
    logits = network(torch.rand(1, 3, 64, 64)) * 0
    found = objective(logits, torch.full((1, 64, 64), NO), soft)
    assert found.item() == pytest.approx(2.0 * math.log(3) * 1.5, rel=1e-5)
