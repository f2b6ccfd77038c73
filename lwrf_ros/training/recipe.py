# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Recipes: every number of a training in one frozen dataclass."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

from lwrf_ros.backbones import BACKBONES
from lwrf_ros.errors import LwrfError

SCHEDULES = ("cosine", "halving", "constant")
OPTIMISERS = ("adamw", "sgd")


class RecipeError(LwrfError):
    """A recipe that cannot be followed; the message names the entry."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training computes, beside the data and the seed.

    Attributes:
        epochs: Passes over the training images.
        batch: Images a step.
        optimiser: adamw or sgd.
        encoder_rate: Peak learning rate of the encoder.
        decoder_rate: Peak learning rate of the decoder and the classifier.
        momentum: Momentum of sgd; first beta of adamw.
        weight_decay: Weight decay of convolutions (adamw: decoupled).
        schedule: cosine (to zero), halving (after a third and two thirds of the epochs) or
            constant.
        warm_up: Share of the steps over which the rate rises from zero.
        frozen_norm: Whether batch norm keeps its statistics (paper, section 4).
        crop_share: Share of the epochs, the first ones, that see crops instead of whole frames.
        crop: Sides of the crops, as a fraction of the frame's.
        zoom_min: Least magnification of a crop.
        zoom_max: Largest magnification.
        frame_zoom_min: Least magnification while whole frames are seen.
        flip: Whether to mirror images at random.
        colour: Strength of random changes of colour.
        mix: Share of the views that get classes of another view pasted in.
        hard: Weight of the cross entropy with the masks; 0 to learn from stored probabilities
            alone.
        distill: Weight of the divergence from the probabilities that a teacher stored (Hinton et
            al. 2015); 0 to leave them aside.
        distill_temperature: What teacher's and network's logits are divided by in it; above 1 the
            unlikely classes count for more.
        class_balance: Exponent b of the weight ``frequency**-b`` of a class in the cross entropy.
        overlap: Weight of the soft Jaccard loss beside the cross entropy.
        auxiliary: Weight of the cross entropy of classifiers on the deeper levels.
        average: Decay a step of the running average of the weights, which is what is validated
            and saved; 0 for none.
    """

    epochs: int
    batch: int
    optimiser: str
    encoder_rate: float
    decoder_rate: float
    momentum: float
    weight_decay: float
    schedule: str
    warm_up: float
    frozen_norm: bool
    crop_share: float
    crop: float
    zoom_min: float
    zoom_max: float
    frame_zoom_min: float
    flip: bool
    colour: float
    mix: float
    hard: float
    distill: float
    distill_temperature: float
    class_balance: float
    overlap: float
    auxiliary: float
    average: float

    def __post_init__(self) -> None:
        """Check every entry."""
        for name, low, high in (
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
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise RecipeError(f"{name} is {value}; wanted {low:g} to {high:g}")
        for name, choices in (("schedule", SCHEDULES), ("optimiser", OPTIMISERS)):
            if getattr(self, name) not in choices:
                raise RecipeError(
                    f"{name} is {getattr(self, name)!r}; wanted one of {', '.join(choices)}"
                )
        if not (self.hard or self.distill or self.overlap):
            raise RecipeError(
                "hard, distill and overlap are all 0, so there is nothing to learn from; give one "
                "of them a weight"
            )
        for name in ("zoom_min", "frame_zoom_min"):
            if getattr(self, name) > self.zoom_max:
                raise RecipeError(
                    f"{name} is {getattr(self, name)}; wanted at most zoom_max, {self.zoom_max}"
                )

    def rate_factor(self, progress: float) -> float:
        """Return the share of the peak learning rate at a progress of 0..1 through the steps."""
        if progress < self.warm_up:
            return progress / self.warm_up
        if self.schedule == "constant":
            return 1.0
        if self.schedule == "halving":
            # The step that ends at a third is the last one before the rate is halved.
            return 0.5 ** max(0, math.ceil(progress * 3) - 1)
        rest = (progress - self.warm_up) / max(1e-9, 1 - self.warm_up)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, rest)))

    def changed(self, changes: dict[str, str]) -> Recipe:
        """Return this recipe with entries changed, given as text.

        Raises:
            RecipeError: If an entry is unknown or its text is not of the entry's kind.
        """
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        values: dict[str, Any] = {}
        for name, text in changes.items():
            if name not in kinds:
                raise RecipeError(f"the recipe has no {name!r}; wanted one of {', '.join(kinds)}")
            values[name] = _read(name, text, kinds[name])
        return replace(self, **values)


def _read(name: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text not in ("true", "false"):
            raise RecipeError(f"{name} is {text!r}; wanted true or false")
        return text == "true"
    try:
        return kind(text)
    except ValueError:
        wanted = "a whole number" if kind is int else "a number"
        raise RecipeError(f"{name} is {text!r}; wanted {wanted}") from None


def from_scratch() -> Recipe:
    """Return the recipe for a network without weights: batch norm is trained."""
    return Recipe(
        epochs=300,
        batch=4,
        optimiser="adamw",
        # Batch norm lets the encoder move fast; the decoder has none and is slower.
        encoder_rate=3e-3,
        decoder_rate=6e-4,
        momentum=0.9,
        weight_decay=0.05,
        schedule="cosine",
        warm_up=0.03,
        frozen_norm=False,
        crop_share=0.96,
        crop=0.4,
        zoom_min=0.5,
        zoom_max=1.5,
        frame_zoom_min=0.8,
        flip=True,
        colour=0.3,
        mix=0.25,
        hard=1.0,
        distill=0.0,
        distill_temperature=1.0,
        class_balance=0.4,
        overlap=1.0,
        auxiliary=0.3,
        average=0.998,
    )


def fine_tuning(backbone: str) -> Recipe:
    """Return the paper's recipe for given weights (section 4): batch norm stays frozen."""
    rate = 1e-3 if BACKBONES[backbone].form == "mobile" else 5e-4
    return Recipe(
        epochs=60,
        batch=6,
        optimiser="sgd",
        encoder_rate=rate,
        # The classifier is new when the classes are: the decoder moves faster.
        decoder_rate=10 * rate,
        momentum=0.9,
        weight_decay=1e-5,
        schedule="halving",
        warm_up=0.0,
        frozen_norm=True,
        crop_share=0.0,
        crop=1.0,
        zoom_min=0.75,
        zoom_max=1.5,
        frame_zoom_min=0.75,
        flip=True,
        colour=0.2,
        mix=0.0,
        hard=1.0,
        distill=0.0,
        distill_temperature=1.0,
        class_balance=0.0,
        overlap=0.0,
        auxiliary=0.0,
        average=0.0,
    )


def distilling(backbone: str) -> Recipe:
    """Return the recipe for a teacher's probabilities and given weights or a given encoder.

    A drawn decoder on a trained encoder wants the small, even steps of adamw.
    """
    return replace(
        fine_tuning(backbone),
        epochs=12,
        batch=8,
        optimiser="adamw",
        encoder_rate=2e-4,
        decoder_rate=1e-3,
        weight_decay=0.02,
        schedule="cosine",
        warm_up=0.02,
        crop_share=0.9,
        crop=0.6,
        zoom_min=0.5,
        frame_zoom_min=0.8,
        colour=0.25,
        hard=0.0,
        distill=1.0,
        class_balance=0.15,
        auxiliary=0.3,
        average=0.998,
    )


def plain() -> Recipe:
    """Return what others are measured against: cross entropy, flip, constant rate."""
    return replace(
        from_scratch(),
        schedule="constant",
        warm_up=0.0,
        crop_share=0.0,
        crop=1.0,
        zoom_min=1.0,
        zoom_max=1.0,
        frame_zoom_min=1.0,
        colour=0.0,
        mix=0.0,
        hard=1.0,
        distill=0.0,
        distill_temperature=1.0,
        class_balance=0.0,
        overlap=0.0,
        auxiliary=0.0,
        average=0.0,
    )


def heads() -> Recipe:
    """Return the recipe for heads on a network that stays as it is (`ablation.heads`)."""
    return replace(
        plain(), epochs=40, batch=8, decoder_rate=1e-3, schedule="cosine", weight_decay=0.01
    )
