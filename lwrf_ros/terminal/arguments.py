# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Types of command line arguments that several subcommands share."""

from __future__ import annotations

import argparse
import math
import re


def add_playback(parser: argparse.ArgumentParser) -> None:
    """Declare what is asked of everything that plays a recording."""
    parser.add_argument("--bag-topic", help="image topic to read from a bag that has several")
    parser.add_argument(
        "--rate",
        type=positive_float,
        default=1.0,
        help="speed, as a multiple of the recorded one (default: %(default)s)",
    )
    parser.add_argument("--max-frames", type=positive_int, help="stop after this many frames")


def positive_float(text: str) -> float:
    """Read a finite number above zero."""
    value = _number(text)
    if not (math.isfinite(value) and value > 0.0):
        raise argparse.ArgumentTypeError(f"got {text}, wanted a number above 0")
    return value


def non_negative_float(text: str) -> float:
    """Read a finite number from zero up."""
    value = _number(text)
    if not (math.isfinite(value) and value >= 0.0):
        raise argparse.ArgumentTypeError(f"got {text}, wanted a number from 0 up")
    return value


def positive_int(text: str) -> int:
    """Read a whole number above zero."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a whole number above 0")
    return value


def non_negative_int(text: str) -> int:
    """Read a whole number from zero up."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a whole number from 0 up")
    return value


def fixed_size(text: str) -> tuple[int, int]:
    """Read WIDTHxHEIGHT as ``(height, width)``."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not found:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted WIDTHxHEIGHT (640x480)")
    return int(found[2]), int(found[1])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a number") from None
