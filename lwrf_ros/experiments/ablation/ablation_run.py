# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf train --ablation``: what RCU and CRP are good for (paper, Table 4)."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import lwrf_ros
from lwrf_ros.datasets.dataset import Pair
from lwrf_ros.errors import LwrfError
from lwrf_ros.evaluation import score_values
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
from lwrf_ros.files import replace_file
from lwrf_ros.segmentation.device import choose_device
from lwrf_ros.terminal.progress import progress_bar
from lwrf_ros.terminal.table import aligned
from lwrf_ros.training.objective import balanced_class_weights
from lwrf_ros.training.recipe import Recipe
from lwrf_ros.training.starting_weights import first_weights, starting_choice
from lwrf_ros.training.training_run import (
    checked_sets,
    choose_recipe,
    parse_size,
    size_of_first,
)

NUMBERS = "ablation.json"
BACKGROUND = "background"


@dataclass(frozen=True)
class Place:
    """Scores that the heads at a place reach on the validation set.

    Attributes:
        name: Of the place.
        mean_iou: Of the segmentation head.
        accuracy: Multi-label accuracy of the classification head.
    """

    name: str
    mean_iou: float
    accuracy: float


def ablate(arguments: argparse.Namespace) -> int:
    """Train the heads as the arguments say, write and print what they reach."""
    for given, option in ((arguments.init, "--init"), (arguments.val, "--val")):
        if not given:
            raise LwrfError(
                "--ablation leaves a trained network as it is and scores heads on held-out "
                f"images; give {option} as well"
            )
    if arguments.resume:
        raise LwrfError("--ablation takes minutes and keeps no state; leave --resume out")
    choice = starting_choice(arguments)
    recipe, classes = choose_recipe(arguments, choice.backbone), choice.classes
    device = choose_device(arguments.device)
    folder: Path = arguments.output.expanduser()
    size = parse_size(arguments.input_size)
    network, info = first_weights(arguments, choice)
    assert network is not None and info is not None  # --init is given
    pairs, held_out, facts = checked_sets(arguments, classes)
    size = size or network.input_size or size_of_first(pairs)
    network.to(device)
    room = arguments.cache_mib * 2**20
    places = unit_places(network)

    def frozen(some: Sequence[Pair], mirrored: bool) -> Frozen:
        with progress_bar("keeping features", len(some), in_logs=False, unit="image") as bar:
            return freeze(
                network, places, some, len(classes), size, mirrored, room, lambda: bar.update()
            )

    train, val = frozen(pairs, recipe.flip), frozen(held_out, False)
    weights = balanced_class_weights(torch.from_numpy(facts.pixels), recipe.class_balance).to(
        device
    )
    counted = [index for index, name in enumerate(classes.names) if name != BACKGROUND]
    found = []
    for place in places:
        segmentation, classification = (
            _trained(make, place.name, train, loss_of, len(classes), recipe, arguments.seed, device)
            for make, loss_of in (
                (segmentation_head, segmentation_loss(train, weights)),
                (classification_head, classification_loss(train)),
            )
        )
        features = val.features[place.name]
        answers = predict_presence(classification, features)
        mean_iou = score_segmentation(segmentation, features, held_out, len(classes))
        found.append(
            Place(place.name, mean_iou, multi_label_accuracy(answers, val.present, counted))
        )
    usual = multi_label_accuracy(_usual(train, len(val)), val.present, counted)
    content = {
        "places": [
            asdict(place) | {"mean_iou": score_values.as_number(place.mean_iou)} for place in found
        ],
        "accuracy_of_the_more_frequent_answer": usual,
        "weights": {"path": info.source, "sha256": info.sha256},
        "network": {"backbone": network.backbone, "decoder": network.decoder_name},
        "settings": {
            "input_size": {"width": size[1], "height": size[0]},
            "training_images": len(pairs),
            "validation_images": len(held_out),
            "classes": classes.names,
            "seed": arguments.seed,
            "recipe": asdict(recipe),
        },
        "versions": {
            "lwrf_ros": lwrf_ros.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }
    text = json.dumps(content, indent=2, allow_nan=False)
    replace_file(folder / NUMBERS, f"{text}\n".encode())
    print("\n".join([*as_text(found, usual), "", f"wrote {folder / NUMBERS}"]), flush=True)
    return 0


def as_text(found: Sequence[Place], usual: float) -> list[str]:
    """Lay out what the heads reach as a table."""
    rows = [["heads", "mean IoU", "multi-label accuracy"]]
    rows += [
        [place.name, score_values.as_text(place.mean_iou), f"{place.accuracy:.4f}"]
        for place in found
    ]
    rows.append(["always the more frequent answer", "", f"{usual:.4f}"])
    return aligned(rows)


def _trained(
    make: Callable[[int, int], nn.Module],
    place: str,
    train: Frozen,
    loss_of: Callable[[Tensor, NDArray[np.int64]], Tensor],
    num_classes: int,
    recipe: Recipe,
    seed: int,
    device: torch.device,
) -> nn.Module:
    """Draw a head, the same for the same seed, and train it on the features of a place."""
    features = train.features[place]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = Standardised(make(features.shape[1], num_classes), features).to(device)
    steps = recipe.epochs * max(1, len(features) // recipe.batch)
    title = f"{make.__name__.replace('_', ' ')} {place}"
    with progress_bar(title, steps, in_logs=True, unit="step") as bar:
        train_head(head, features, loss_of, recipe, seed, lambda loss: _show(bar, loss))
    return head


def _show(bar: Any, loss: float) -> None:
    bar.set_postfix_str(f"loss={loss:.3f}", refresh=False)
    bar.update()


def _usual(train: Frozen, count: int) -> NDArray[np.bool_]:
    """Return the answers of one who looks at no image: what is right more often in training."""
    return np.broadcast_to(train.present.mean(0) > 0.5, (count, train.present.shape[1]))
