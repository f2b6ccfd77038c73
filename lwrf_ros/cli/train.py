# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf train``: images and masks in, weights out."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.backbones import DEFAULT_BACKBONE, DEFAULT_DECODER
from lwrf_ros.configuration.engine_options import NETWORK, EngineOptions
from lwrf_ros.memory import keep_all_freed_memory
from lwrf_ros.terminal.arguments import non_negative_int, positive_int
from lwrf_ros.terminal.options import add_options
from lwrf_ros.weights.bundled import BUNDLED, DEFAULT_CLASSES

NAME = "train"
HELP = "train a network on images and masks, from scratch, from weights or from an encoder"
RECIPES = ("scratch", "fine_tune", "distill", "plain")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    parser.add_argument(
        "data",
        nargs="+",
        type=Path,
        metavar="DATA",
        help="folder with images/NAME.jpg (or .png) and masks/NAME.png: the class index of "
        "each pixel, 255 where it is not to count, or the class table's colours; and "
        "probabilities/NAME.npz where a teacher stored them; or a published data set as "
        "distributed, NAME:FOLDER[:SPLIT] with voc, person_part, nyu40, context or cityscapes; "
        "several are trained on together",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="folder for weights.safetensors, log.csv, curves.png and the state to resume from",
    )
    parser.add_argument(
        "--val", nargs="+", type=Path, metavar="DATA", help="data to validate on, in the same form"
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--init",
        metavar="WEIGHTS",
        help="weights to fine-tune: bundled ones by name (camvid, for example; lwrf weights lists "
        f"them; {BUNDLED}: those for {DEFAULT_CLASSES}), or a file by its path (with a slash or a "
        "suffix); their class table may differ (default: none, the network is trained from "
        "scratch)",
    )
    start.add_argument(
        "--encoder",
        metavar="FILE",
        help="take only the encoder, from an ImageNet classification checkpoint of the backbone "
        "(torchvision's, timm's, public NASNet-A-Mobile) or from a segmentation network; decoder "
        "and classifier are drawn",
    )
    parser.add_argument(
        "--ablation",
        action="store_true",
        help="leave the network of --init as it is and train heads on its deepest level instead: "
        "segmentation and multi-label classification before RCU, after RCU and after CRP (paper, "
        "Table 4); writes ablation.json",
    )
    add_options(
        parser,
        EngineOptions,
        *NETWORK,
        backbone={
            "help": "default: the one that the weights of --init name, else "
            f"{DEFAULT_BACKBONE}; with --encoder, the one of that file"
        },
        decoder={
            "help": f"default: the one that the weights of --init name, else {DEFAULT_DECODER}"
        },
        classes={
            "help": "class table: the name of a bundled one or a YAML file (default: the one that "
            f"the weights of --init name, else {DEFAULT_CLASSES})"
        },
    )
    parser.add_argument(
        "--input-size",
        metavar="WxH",
        help="size that images are stretched to, in training and by the node (default: the size "
        "of the first image)",
    )
    parser.add_argument(
        "--recipe",
        choices=RECIPES,
        help="default: fine_tune (the paper's, section 4) with --init or --encoder, else scratch; "
        "distill learns from a teacher's probabilities (lwrf label --probabilities); "
        "plain is what the gain of the others is measured against; with --ablation, one for heads",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="ENTRY=VALUE",
        help="change an entry of the recipe; docs/training.md lists them; may be repeated",
    )
    parser.add_argument("--epochs", type=positive_int, help="short for --set epochs=N")
    parser.add_argument("--batch", type=positive_int, help="short for --set batch=N")
    add_options(
        parser,
        EngineOptions,
        "device",
        "precision",
        precision={
            "choices": ("auto", "fp32", "bf16"),
            "help": "bf16 is mixed precision: weights and losses stay fp32 (auto: bf16 on a GPU "
            "that has it, else fp32)",
        },
    )
    parser.add_argument(
        "--store",
        choices=("fp32", "fp16"),
        default="fp32",
        help="precision of the weights in the file; fp16 is half as large (default: %(default)s)",
    )
    parser.add_argument(
        "--card",
        action="append",
        default=[],
        metavar="KEY=TEXT",
        help="an entry for the card that travels with the weights; license (an SPDX name) and "
        "data (what they were trained on) are what the node says when it loads them",
    )
    parser.add_argument("--seed", type=non_negative_int, default=0)
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue the training in this folder; if there is none, start one",
    )
    parser.add_argument(
        "--validate-every",
        type=positive_int,
        default=1,
        metavar="EPOCHS",
        help="epochs between two validations (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=positive_int,
        default=4,
        help="threads that decode images (default: %(default)s)",
    )
    parser.add_argument(
        "--cache-mib",
        type=non_negative_int,
        default=4096,
        help="memory for decoded images (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, and say what came of it."""
    keep_all_freed_memory()
    if arguments.ablation:
        from lwrf_ros.experiments.ablation.ablation_run import ablate

        return ablate(arguments)
    from lwrf_ros.training.training_run import train

    return train(arguments)
