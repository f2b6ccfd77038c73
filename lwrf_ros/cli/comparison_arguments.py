# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Arguments that ``lwrf replay`` and ``lwrf compare`` share. Nothing heavy is imported here."""

from __future__ import annotations

import argparse

from lwrf_ros.terminal.arguments import fraction


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Declare what may change between two replays."""
    limits = parser.add_argument_group("differences that are allowed (default: none)")
    limits.add_argument(
        "--min-equal",
        type=fraction,
        default=1.0,
        metavar="0..1",
        help="least share of equal pixels in each frame (default: %(default)g)",
    )
    limits.add_argument(
        "--min-iou",
        type=fraction,
        default=0.0,
        metavar="0..1",
        help="smallest IoU of any class between the two, over all frames (default: any)",
    )
    limits.add_argument(
        "--max-coverage-change",
        type=fraction,
        default=1.0,
        metavar="0..1",
        help="largest change of any class's share of all pixels, over all frames (default: any)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the comparison as JSON instead of a table"
    )
