# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf receptive-field``: which part of an image a value inside the decoder depends on."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from lwrf_ros.configuration.engine_options import NETWORK, EngineOptions
from lwrf_ros.terminal.arguments import fixed_size, fraction, non_negative_int, positive_int
from lwrf_ros.terminal.options import add_options

NAME = "receptive-field"
HELP = "show and measure the empirical receptive field of units in the decoder (paper, section 5.1)"

FILLS = ("grey", "mean", "noise")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    parser.add_argument(
        "images",
        nargs="+",
        type=Path,
        metavar="IMAGE",
        help="images; at 640x480 and the default --stride each takes 300 passes through the "
        "encoder, 20 s with the bundled weights on two CPU cores",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder for receptive_field.png, receptive_field.json and maps.npy",
    )
    add_options(parser, EngineOptions, "weights", *NETWORK)
    parser.add_argument(
        "--tap",
        action="append",
        metavar="TAP",
        help="where to look: strideN.sum is what enters CRP at the level of that stride, "
        "strideN.crp what leaves it; may be repeated (default: the paper's three: sum and crp of "
        "the deepest level, sum of the next)",
    )
    parser.add_argument(
        "--top",
        type=positive_int,
        metavar="K",
        help="the K most activated channels of each tap in each image, where they are most "
        "activated (default: 3)",
    )
    parser.add_argument(
        "--unit",
        action="append",
        type=non_negative_int,
        metavar="CHANNEL",
        help="this channel instead, where it is most activated in each image; may be repeated",
    )
    parser.add_argument(
        "--at",
        action="append",
        type=place,
        metavar="X,Y",
        help="look at this place, in fractions of the width and height (0.5,0.5 is the middle): "
        "at all channels together, or at those of --unit; may be repeated",
    )
    parser.add_argument(
        "--patch",
        type=positive_int,
        default=48,
        metavar="PX",
        help="side of the square that hides a part of the network's input (default: %(default)s)",
    )
    parser.add_argument(
        "--stride",
        type=positive_int,
        default=32,
        metavar="PX",
        help="step from one square to the next; half of it takes four times as long (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--fill",
        choices=FILLS,
        default="grey",
        help="what the square holds: the mean colour of the encoder's training images, that of "
        "the image, or noise around it (default: %(default)s)",
    )
    parser.add_argument(
        "--threshold",
        type=fraction,
        default=0.1,
        metavar="SHARE",
        help="the receptive field is where a value changes by at least this share of its largest "
        "change (default: %(default)s)",
    )
    parser.add_argument(
        "--input-size",
        type=fixed_size,
        metavar="WxH",
        help="size that images are stretched to for the network (default: the size that the "
        "weights were trained at)",
    )
    add_options(parser, EngineOptions, "device")


def place(text: str) -> tuple[float, float]:
    """Read X,Y, each from 0 to 1."""
    found = re.fullmatch(r"([^,]+),([^,]+)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted X,Y from 0 to 1 each (0.5,0.5)")
    return fraction(found[1]), fraction(found[2])


def run(arguments: argparse.Namespace) -> int:
    """Measure, draw, and print how it went."""
    from lwrf_ros.experiments.receptive_field.receptive_field_run import measure

    return measure(arguments)
