# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Recipes: schedules at points worked out by hand, limits, and changes given as text."""

from __future__ import annotations

import math
from dataclasses import asdict, fields, replace

import pytest

from lwrf_ros.training.recipe import (
    Recipe,
    RecipeError,
    distilling,
    fine_tuning,
    from_scratch,
    plain,
)

LIMITS = [
    ("epochs", 1, 100_000),
    ("batch", 1, 4096),
    ("encoder_rate", 0.0, 10.0),
    ("decoder_rate", 0.0, 10.0),
    ("momentum", 0.0, 0.9999),
    ("weight_decay", 0.0, 10.0),
    ("warm_up", 0.0, 1.0),
    ("crop_share", 0.0, 1.0),
    ("crop", 0.05, 1.0),
    ("zoom_min", 0.05, 20.0),
    ("zoom_max", 0.05, 20.0),
    ("frame_zoom_min", 0.05, 20.0),
    ("colour", 0.0, 2.0),
    ("mix", 0.0, 1.0),
    ("hard", 0.0, 100.0),
    ("distill", 0.0, 100.0),
    ("distill_temperature", 0.1, 20.0),
    ("class_balance", 0.0, 1.0),
    ("overlap", 0.0, 100.0),
    ("auxiliary", 0.0, 100.0),
    ("average", 0.0, 0.99999),
]


@pytest.fixture
def recipe() -> Recipe:
    """From the least to the largest zoom, so that each can be moved alone."""
    return replace(from_scratch(), zoom_min=0.05, zoom_max=20.0, frame_zoom_min=0.05)


# ---- schedules


@pytest.mark.parametrize(
    ("progress", "factor"),
    [
        (0.05, 0.25),  # a quarter of the warm-up
        (0.1, 0.5),
        (0.2, 1.0),
        (0.4, 0.5 + 0.5 * math.sqrt(0.5)),  # a quarter of the way down: 45 degrees
        (0.6, 0.5),
        (0.8, 0.5 - 0.5 * math.sqrt(0.5)),
        (1.0, 0.0),
    ],
)
def test_cosine_with_warm_up(recipe: Recipe, progress: float, factor: float) -> None:
    recipe = replace(recipe, schedule="cosine", warm_up=0.2)
    assert recipe.rate_factor(progress) == pytest.approx(factor, abs=1e-9)


@pytest.mark.parametrize(("progress", "factor"), [(0.0, 1.0), (0.5, 0.5), (2 / 3, 0.25), (1, 0)])
def test_cosine_without_warm_up(recipe: Recipe, progress: float, factor: float) -> None:
    recipe = replace(recipe, schedule="cosine", warm_up=0.0)
    assert recipe.rate_factor(progress) == pytest.approx(factor, abs=1e-9)


@pytest.mark.parametrize("schedule", ["cosine", "halving", "constant"])
def test_warm_up_all_the_way(recipe: Recipe, schedule: str) -> None:
    recipe = replace(recipe, schedule=schedule, warm_up=1.0)
    assert recipe.rate_factor(0.25) == pytest.approx(0.25)
    assert math.isfinite(recipe.rate_factor(1.0))


@pytest.mark.parametrize("steps", [3, 6, 9, 60, 300, 2331])
def test_halving_after_a_third_and_two_thirds_of_the_steps(recipe: Recipe, steps: int) -> None:
    recipe = replace(recipe, schedule="halving", warm_up=0.0)
    third = steps // 3
    factors = [recipe.rate_factor((step + 1) / steps) for step in range(steps)]
    assert factors == [1.0] * third + [0.5] * third + [0.25] * third


def test_halving_where_the_steps_are_no_thirds(recipe: Recipe) -> None:
    recipe = replace(recipe, schedule="halving", warm_up=0.1)
    factors = [recipe.rate_factor((step + 1) / 10) for step in range(10)]
    assert factors == [1.0] * 3 + [0.5] * 3 + [0.25] * 4
    assert recipe.rate_factor(0.05) == pytest.approx(0.5)
    assert recipe.rate_factor(0.0) == 0.0


def test_constant(recipe: Recipe) -> None:
    recipe = replace(recipe, schedule="constant", warm_up=0.1)
    factors = [recipe.rate_factor(progress) for progress in (0.05, 0.1, 0.5, 1.0)]
    assert factors == pytest.approx([0.5, 1, 1, 1])


# ---- limits


@pytest.mark.parametrize(("name", "low", "high"), LIMITS)
def test_limits(recipe: Recipe, name: str, low: float, high: float) -> None:
    # The other zooms out of the way of the one that moves.
    if name == "zoom_max":
        recipe = replace(recipe, zoom_min=0.05, frame_zoom_min=0.05)
    for value in (low, high):
        assert getattr(replace(recipe, **{name: value}), name) == value
    step = 1 if isinstance(low, int) else 1e-6
    for value in (low - step, high + step, math.nan, math.inf, -math.inf):
        with pytest.raises(RecipeError, match=rf"^{name} is \S+; wanted {low:g} to {high:g}$"):
            replace(recipe, **{name: value})


def test_every_number_has_limits() -> None:
    numbers = {
        name for name, value in asdict(from_scratch()).items() if type(value) in (int, float)
    }
    assert numbers == {name for name, _, _ in LIMITS}


@pytest.mark.parametrize(
    ("name", "choices"),
    [("schedule", "cosine, halving, constant"), ("optimiser", "adamw, sgd")],
)
def test_choices(recipe: Recipe, name: str, choices: str) -> None:
    for choice in choices.split(", "):
        assert getattr(replace(recipe, **{name: choice}), name) == choice
    with pytest.raises(RecipeError, match=f"{name} is 'other'; wanted one of {choices}"):
        replace(recipe, **{name: "other"})


@pytest.mark.parametrize("name", ["zoom_min", "frame_zoom_min"])
def test_the_least_zoom_is_not_above_the_largest(recipe: Recipe, name: str) -> None:
    recipe = replace(recipe, zoom_max=1.5)
    replace(recipe, **{name: 1.5})
    with pytest.raises(RecipeError, match=f"{name} is 1.6; wanted at most zoom_max, 1.5"):
        replace(recipe, **{name: 1.6})


# ---- changes


def test_changes_are_read_by_the_kind_of_the_entry() -> None:
    before = from_scratch()
    changes = {
        "epochs": "7",
        "crop": "0.25",
        "flip": "false",
        "schedule": "halving",
        "overlap": "1",
    }
    after = before.changed(changes)
    assert asdict(after) == asdict(before) | {
        "epochs": 7,
        "crop": 0.25,
        "flip": False,
        "schedule": "halving",
        "overlap": 1.0,
    }
    assert type(after.epochs) is int and type(after.overlap) is float
    assert after.changed({"flip": "true", "encoder_rate": "1e-4"}).encoder_rate == 0.0001
    assert before.changed({}) == before


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("epochs", "1.5", "epochs is '1.5'; wanted a whole number"),
        ("epochs", "", "epochs is ''; wanted a whole number"),
        ("epochs", "0", "epochs is 0; wanted 1 to 100000"),
        ("crop", "half", "crop is 'half'; wanted a number"),
        ("crop", "nan", "crop is nan; wanted 0.05 to 1"),
        ("flip", "yes", "flip is 'yes'; wanted true or false"),
        ("schedule", "poly", "schedule is 'poly'; wanted one of cosine"),
        ("zoom_min", "3", "zoom_min is 3.0; wanted at most zoom_max"),
        ("rate", "1", "the recipe has no 'rate'; wanted one of epochs, batch, optimiser, encoder_"),
    ],
)
def test_changes_that_cannot_be(name: str, text: str, words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        from_scratch().changed({name: text})
    assert words in str(caught.value)


def test_all_entries_are_checked_together() -> None:
    """Two changes that are right only together."""
    changed = from_scratch().changed({"zoom_min": "3", "zoom_max": "4"})
    assert (changed.zoom_min, changed.zoom_max) == (3, 4)


# ---- the recipes


@pytest.mark.parametrize(
    ("backbone", "rate"),
    [
        ("mobilenet_v2", 1e-3),
        ("nasnet_mobile", 1e-3),
        ("resnet50", 5e-4),
        ("resnet101", 5e-4),
        ("resnet152", 5e-4),
    ],
)
def test_the_papers_recipe(backbone: str, rate: float) -> None:
    """Section 4: SGD with momentum, the decoder ten times faster, halved twice, norm frozen."""
    recipe = fine_tuning(backbone)
    assert recipe.encoder_rate == pytest.approx(rate)
    assert recipe.decoder_rate == pytest.approx(10 * rate)
    assert (recipe.optimiser, recipe.momentum, recipe.weight_decay) == ("sgd", 0.9, 1e-5)
    assert (recipe.schedule, recipe.warm_up, recipe.frozen_norm) == ("halving", 0.0, True)
    for name in ("mix", "class_balance", "overlap", "auxiliary", "average"):
        assert getattr(recipe, name) == 0, name


def test_the_plain_recipe_is_cross_entropy_flip_and_a_constant_rate() -> None:
    recipe, scratch = plain(), from_scratch()
    assert (recipe.schedule, recipe.warm_up, recipe.flip) == ("constant", 0.0, True)
    for name in ("crop_share", "colour", "mix", "class_balance", "overlap", "auxiliary", "average"):
        assert getattr(recipe, name) == 0
    assert (recipe.zoom_min, recipe.zoom_max, recipe.frame_zoom_min) == (1, 1, 1)
    # It is what the gain of the other is measured against: the rest is the same.
    for name in ("epochs", "batch", "optimiser", "encoder_rate", "decoder_rate", "weight_decay"):
        assert getattr(recipe, name) == getattr(scratch, name)


def test_from_scratch_trains_the_norm() -> None:
    assert not from_scratch().frozen_norm
    assert {field.name for field in fields(Recipe)} == asdict(from_scratch()).keys()


def test_a_recipe_has_something_to_learn_from() -> None:
    with pytest.raises(RecipeError, match="hard, distill and overlap are all 0"):
        replace(plain(), hard=0.0)
    for name in ("hard", "distill", "overlap"):
        assert getattr(replace(plain(), **{"hard": 0.0, name: 1.0}), name) == 1


def test_the_distilling_recipe_learns_from_probabilities_alone() -> None:
    recipe = distilling("mobilenet_v2")
    assert (recipe.hard, recipe.distill, recipe.overlap, recipe.mix) == (0, 1, 0, 0)
    assert (recipe.optimiser, recipe.schedule, recipe.frozen_norm) == ("adamw", "cosine", True)
