# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""From the arguments of ``lwrf train`` to a folder with weights, log and curves."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from lwrf_ros.classes.class_table import ClassTable
from lwrf_ros.datasets.dataset import (
    Pair,
    count_facts,
    list_pairs,
    raise_if_any,
    read_image,
    read_truth,
)
from lwrf_ros.datasets.facts import Facts, tell
from lwrf_ros.errors import LwrfError
from lwrf_ros.evaluation.confusion_matrix import ConfusionMatrix
from lwrf_ros.input_size import MIN_SIDE_PX, check_sides
from lwrf_ros.network.refinenet import RefineNet
from lwrf_ros.segmentation import Segmenter
from lwrf_ros.segmentation.device import choose_device, has_bf16
from lwrf_ros.terminal.arguments import read_size
from lwrf_ros.terminal.progress import progress_bar
from lwrf_ros.training.display import Display
from lwrf_ros.training.recipe import Recipe, distilling, fine_tuning, from_scratch, heads, plain
from lwrf_ros.training.starting_weights import first_weights, starting_choice
from lwrf_ros.training.trainer import Task, Trainer
from lwrf_ros.weights.checkpoint import WeightsInfo

STATE = "state.pt"
SAVE_EVERY_S = 60.0
_PARTS = {"train": "training", "val": "validation"}
STORED = {"fp32": torch.float32, "fp16": torch.float16}


def train(arguments: argparse.Namespace) -> int:
    """Train as the arguments say and return the exit code."""
    choice = starting_choice(arguments)
    recipe, classes = choose_recipe(arguments, choice.backbone), choice.classes
    device = choose_device(arguments.device)
    precision = choose_training_precision(arguments.precision, device)
    folder: Path = arguments.output.expanduser()
    state = folder / STATE
    if state.exists() and not arguments.resume:
        raise LwrfError(
            f"{folder} holds a training already; add --resume to continue it, or name another "
            "folder"
        )
    entries = read_entries(arguments.card, "--card", "license=CC-BY-4.0")
    input_size = parse_size(arguments.input_size)
    init, init_info = first_weights(arguments, choice)
    pairs, held_out, facts = checked_sets(arguments, classes)
    check_soft_labels(pairs, recipe)
    task = Task(
        pairs=tuple(pairs),
        pixels=facts.pixels,
        classes=classes,
        backbone=choice.backbone,
        decoder=choice.decoder,
        input_size=input_size or size_of_first(pairs),
        recipe=recipe,
        seed=arguments.seed,
        device=device,
        precision=precision,
        init=init,
        init_sha256=init_info.sha256 if init_info else "",
        encoder_only=arguments.encoder is not None,
    )
    trainer = Trainer(task, arguments.cache_mib * 2**20, arguments.workers)
    if state.exists():
        trainer.load(state)
        print(f"continuing after step {trainer.step} of {trainer.total_steps}", file=sys.stderr)
    _describe(task, trainer, init_info)
    card = _card(task, held_out, init_info, entries)
    with Display(trainer, folder, card, STORED[arguments.store]) as display:
        try:
            trainer.run(
                display,
                save=lambda t: t.save(state),
                save_every_s=SAVE_EVERY_S,
                validate=(lambda network: _validate(network, task, held_out)) if held_out else None,
                validate_every=arguments.validate_every,
            )
        except KeyboardInterrupt:
            print(
                f"after step {trainer.step}; the same command with --resume continues from the "
                "last saved one",
                file=sys.stderr,
            )
            raise
    display.finish()
    return 0


def choose_recipe(arguments: argparse.Namespace, backbone: str) -> Recipe:
    """Return the recipe that the arguments ask for.

    Raises:
        RecipeError: If an entry is unknown or out of range.
    """
    # The paper starts from encoders trained on ImageNet: given ones are fine-tuned as well.
    given = arguments.init is not None or arguments.encoder is not None
    default = "heads" if arguments.ablation else "fine_tune" if given else "scratch"
    name = arguments.recipe or default
    base = {
        "heads": heads,
        "scratch": from_scratch,
        "fine_tune": lambda: fine_tuning(backbone),
        "distill": lambda: distilling(backbone),
        "plain": plain,
    }[name]()
    changes = read_entries(arguments.set, "--set", "epochs=100")
    for key in ("epochs", "batch"):
        if getattr(arguments, key) is not None:
            changes[key] = str(getattr(arguments, key))
    return base.changed(changes)


def read_entries(texts: Sequence[str], option: str, example: str) -> dict[str, str]:
    """Read KEY=VALUE texts.

    Raises:
        LwrfError: If one is not of that form.
    """
    entries: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise LwrfError(f"{option} is {text!r}; wanted KEY=VALUE, {example} for example")
        entries[key.strip()] = value.strip()
    return entries


def choose_training_precision(name: str, device: torch.device) -> str:
    """Return fp32 or bf16 for auto: mixed precision where a GPU has it."""
    if name != "auto":
        return name
    return "bf16" if device.type == "cuda" and has_bf16(device) else "fp32"


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Read WIDTHxHEIGHT as ``(height, width)``."""
    if text is None:
        return None
    size = read_size(text)
    if size is None:
        raise LwrfError(f"--input-size is {text!r}; wanted WIDTHxHEIGHT: 480x360")
    return check_sides(size, "--input-size")


def checked_sets(
    arguments: argparse.Namespace, classes: ClassTable
) -> tuple[list[Pair], list[Pair], Facts]:
    """List and check the pairs to train and to validate on, and print what is in their masks.

    Args:
        arguments: The folders of both.
        classes: The class table of their masks.

    Returns:
        Those to train on, those to validate on, and what was counted in the former.

    Raises:
        DatasetError: If something is wrong with them; the message lists every mistake.
        LwrfError: If an image is in both.
    """
    problems: list[str] = []
    pairs, facts = _check_set(arguments.data, classes, "train", problems)
    held_out, facts_held_out = _check_set(arguments.val or (), classes, "val", problems)
    raise_if_any(problems)
    refuse_overlap(pairs, held_out)
    tell(facts, classes, f"the {_PARTS['train']} set")
    if held_out:
        tell(facts_held_out, classes, f"the {_PARTS['val']} set")
    return pairs, held_out, facts


def _check_set(
    folders: Sequence[Path], classes: ClassTable, split: str, problems: list[str]
) -> tuple[list[Pair], Facts]:
    """List and check the pairs of some folders; return them and what was counted.

    Args:
        folders: The data sets.
        classes: The class table of their masks.
        split: The part, train or val, that is read of published ones that name none.
        problems: Gets a line for everything that is wrong.
    """
    pairs = [pair for folder in folders for pair in list_pairs(folder, problems, split, classes)]
    description = f"checking the {_PARTS[split]} set"
    with progress_bar(description, len(pairs), in_logs=False) as bar:
        return pairs, count_facts(pairs, classes, problems, bar.update)


def size_of_first(pairs: Sequence[Pair]) -> tuple[int, int]:
    """Return ``(height, width)`` of the first image, which has to be large enough."""
    height, width = read_image(pairs[0].image).shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        raise LwrfError(
            f"{pairs[0].image} is {width}x{height}, less than {MIN_SIDE_PX}x{MIN_SIDE_PX}; give "
            "the size to stretch images to as --input-size WIDTHxHEIGHT"
        )
    return height, width


def refuse_overlap(pairs: Sequence[Pair], held_out: Sequence[Pair]) -> None:
    """Raise if an image is in both sets."""
    shared = {pair.image.resolve() for pair in pairs} & {pair.image.resolve() for pair in held_out}
    if shared:
        raise LwrfError(
            f"{len(shared)} images are in the training and the validation set ({min(shared)}); "
            "scores on images that were trained on mean nothing: take them out of one of the two"
        )


def check_soft_labels(pairs: Sequence[Pair], recipe: Recipe) -> None:
    """Raise if images teach nothing, and say so where what a teacher stored is left aside.

    Raises:
        LwrfError: If the recipe asks for probabilities that the images do not have.
    """
    stored = sum(pair.probabilities is not None for pair in pairs)
    if recipe.distill and not stored:
        raise LwrfError(
            f"the recipe learns from stored probabilities (distill={recipe.distill:g}), and none "
            f"of the {len(pairs)} images has any; write them with lwrf label --probabilities, or "
            "learn from the masks with --set distill=0 --set hard=1"
        )
    if not recipe.hard and not recipe.overlap and stored < len(pairs):
        raise LwrfError(
            f"{len(pairs) - stored} of {len(pairs)} images have no stored probabilities and, with "
            "hard=0, teach nothing; write them with lwrf label --probabilities, or let the masks "
            "count as well with --set hard=1"
        )
    if stored and not recipe.distill:
        print(
            f"{stored} images have stored probabilities, which are left aside; --set distill=1 "
            "learns from them as well",
            file=sys.stderr,
        )


def _validate(network: RefineNet, task: Task, pairs: Sequence[Pair]) -> tuple[float, float]:
    """Score a network on the validation set, the way that a node would run it."""
    segmenter = Segmenter(network, task.classes, device=str(task.device))
    matrix = ConfusionMatrix(len(task.classes))
    for pair in pairs:
        labels = segmenter.segment([read_image(pair.image)])[0].labels
        assert labels is not None  # asked for
        matrix.add(labels, read_truth(pair))
    segmenter.close()
    return matrix.mean_iou(), matrix.pixel_accuracy()


def _describe(task: Task, trainer: Trainer, init: WeightsInfo | None) -> None:
    height, width = task.input_size
    start = f"from {init.source}" if init else "from scratch"
    if init and task.encoder_only:
        start = f"with the encoder of {init.source}"
    print(
        f"{task.backbone} ({task.decoder}) for {len(task.classes)} classes of "
        f"{task.classes.name!r}, {start}: {len(task.pairs)} images at {width}x{height}, "
        f"{task.recipe.epochs} epochs of {trainer.steps_per_epoch} steps of "
        f"{trainer.images_per_step} images, {task.precision} on {task.device}",
        file=sys.stderr,
    )


def _card(
    task: Task, held_out: Sequence[Pair], init: WeightsInfo | None, given: dict[str, str]
) -> dict[str, str]:
    """Return what the weights' file says of itself, beside its scores."""
    # What is made of weights stays under their licence.
    earlier = init.card if init else {}
    inherited = {key: earlier[key] for key in ("license", "data") if earlier.get(key)}
    if "data" in inherited:
        inherited["data"] += f", then {len(task.pairs)} other images"
    return {
        "classes": task.classes.name,
        "class_names": json.dumps(task.classes.names),
        "class_colours": json.dumps(task.classes.colours.tolist()),
        "training_images": str(len(task.pairs)),
        "validation_images": str(len(held_out)),
        "recipe": json.dumps(asdict(task.recipe)),
        "seed": str(task.seed),
        "precision": task.precision,
        "initial_weights": task.origin,
        "torch": torch.__version__,
        **inherited,
        **given,
    }
