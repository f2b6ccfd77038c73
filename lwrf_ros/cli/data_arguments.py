# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The labelled images of ``lwrf evaluate`` and ``lwrf calibrate``; nothing heavy is imported."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.terminal.arguments import positive_int


def add_data(parser: argparse.ArgumentParser, required: bool) -> None:
    """Declare the labelled images."""
    parser.add_argument(
        "--data",
        type=Path,
        required=required,
        metavar="FOLDER",
        help="folder with images/NAME.jpg (or .png) and masks/NAME.png (the class index of "
        "each pixel, 255 for pixels that do not count, or the class table's colours); or a "
        "published data set as distributed, NAME:FOLDER[:SPLIT] with voc, person_part, nyu40, "
        "context or cityscapes",
    )
    parser.add_argument(
        "--max-frames", type=positive_int, metavar="N", help="use only the first N, by name"
    )
