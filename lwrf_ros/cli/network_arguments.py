# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Arguments that ``lwrf evaluate`` and ``lwrf calibrate`` share. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Literal

from lwrf_ros.backbones import BACKBONES, DECODERS
from lwrf_ros.terminal.arguments import positive_int
from lwrf_ros.weights.bundled import DEFAULT_BACKBONE, DEFAULT_CLASSES, DEFAULT_DECODER

PRECISIONS = ("auto", "fp32", "fp16", "bf16")
WEIGHTS_HELP = (
    "bundled weights by name (camvid, for example; lwrf weights lists them), a weights file by its "
    "path (with a slash or a suffix), or random for an untrained network"
)
BUNDLED_HELP = "default: the bundled ones for the backbone and classes"


def add_network(parser: argparse.ArgumentParser) -> None:
    """Declare which network the weights are for."""
    parser.add_argument(
        "--backbone",
        choices=tuple(BACKBONES),
        default="",
        help=f"default: the one that the weights name, else {DEFAULT_BACKBONE}",
    )
    parser.add_argument(
        "--decoder",
        choices=tuple(DECODERS),
        default="",
        help=f"default: the one that the weights name, else {DEFAULT_DECODER}",
    )
    parser.add_argument(
        "--classes",
        default="",
        help="class table: the name of a bundled one or a YAML file (default: the one that the "
        f"weights name, else {DEFAULT_CLASSES})",
    )


def add_data(parser: argparse.ArgumentParser, required: bool) -> None:
    """Declare the labelled images."""
    parser.add_argument(
        "--data",
        type=Path,
        required=required,
        metavar="FOLDER",
        help="folder with images/NAME.jpg (or .png) and masks/NAME.png: one channel, the class "
        "index of each pixel, 255 where it is not to count; or a published data set as "
        "distributed, NAME:FOLDER[:SPLIT] with voc, person_part, nyu40, context or cityscapes",
    )
    parser.add_argument(
        "--max-frames", type=positive_int, metavar="N", help="only the first N by name"
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Declare what the network runs on, and how large."""
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda or cuda:N (default: %(default)s)"
    )
    parser.add_argument(
        "--input-size",
        type=image_size,
        metavar="WxH",
        help="size that images are stretched to for the network, or image for their own "
        "(default: the size that the weights were trained at)",
    )


def image_size(text: str) -> tuple[int, int] | Literal["image"]:
    """Read WIDTHxHEIGHT as ``(height, width)``, or the word image."""
    if text == "image":
        return "image"
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not found:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted WIDTHxHEIGHT (480x360) or image")
    return int(found[2]), int(found[1])


def fraction(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a number from 0 to 1")
    return value
