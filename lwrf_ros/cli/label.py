# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf label``: masks, and probabilities, of a larger network that one has, to train on."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.extraction.frame_choice import FrameChoice, add_frame_choice
from lwrf_ros.extraction.teacher_arguments import add_teachers, descriptions
from lwrf_ros.terminal.arguments import add_threads, fraction

NAME = "label"
HELP = "label the images of a bag, a video or a folder with teacher networks (ONNX, TFLite)"

SCALE_MIN, SCALE_MAX = 0.25, 8.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    add_frame_choice(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DATASET",
        help="data set to write into: images, masks/NAME.png, classes.yaml; images of a folder "
        "are copied under their names, unless INPUT is this data set; existing files stay "
        "as they are, so the same command continues after an interruption",
    )
    parser.add_argument(
        "--classes",
        required=True,
        help="class table of the masks: the name of a bundled one or a YAML file",
    )
    parser.add_argument(
        "--probabilities",
        action="store_true",
        help="also write probabilities/NAME.npz, so that a training can use what the teachers "
        "were unsure about",
    )
    add_threads(parser)
    add_teachers(parser.add_argument_group("teachers"))
    looks = parser.add_argument_group("how they look at an image")
    looks.add_argument(
        "--scales",
        nargs="+",
        type=_scale,
        default=[1.0],
        metavar="SCALE",
        help="scales to average over: 1 is the whole image, 2 is 2x2 overlapping tiles, 0.5 is "
        "the whole image in half of the input's width and height (default: 1)",
    )
    looks.add_argument(
        "--mirror", action="store_true", help="average over the image and its mirror image"
    )
    doubt = parser.add_argument_group("what stays unlabelled (255)")
    doubt.add_argument(
        "--min-confidence",
        type=fraction,
        default=0.0,
        metavar="0..1",
        help="pixels whose label is less probable than this (default: %(default)g)",
    )
    doubt.add_argument(
        "--agree", action="store_true", help="pixels that the teachers label differently"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the files and say how many there are, also when it is cut short."""
    from lwrf_ros.extraction.label_counts import LabelAccount
    from lwrf_ros.extraction.label_run import LabelOptions, label
    from lwrf_ros.labelling.labeller import LabellerOptions
    from lwrf_ros.machine.about import cores

    options = LabelOptions(
        choice=FrameChoice.of(arguments),
        output=arguments.output.expanduser(),
        classes=arguments.classes,
        teachers=descriptions(arguments),
        labeller=LabellerOptions(
            scales=tuple(arguments.scales),
            mirror=arguments.mirror,
            min_confidence=arguments.min_confidence,
            agree=arguments.agree,
        ),
        probabilities=arguments.probabilities,
        threads=arguments.threads or cores(),
    )
    account = LabelAccount()
    try:
        label(options, account)
    finally:
        if account.read:
            print(f"{arguments.output}: {account}", flush=True)
    return 0


def _scale(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not SCALE_MIN <= value <= SCALE_MAX:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, wanted a number from {SCALE_MIN:g} to {SCALE_MAX:g}"
        )
    return value
