# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Types of command line arguments that several subcommands share."""

from __future__ import annotations

import argparse
import math
import re
from typing import Literal

LARGEST_16_BITS = 2**16 - 1
MAX_VALUE_16BIT_HELP = (
    "greatest value that the camera gives in images of 16 bits, which becomes white: 4095 for a "
    "sensor of 12 bits (default: 65535)"
)


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


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Declare how many threads of the CPU are to be used; None for all of its cores."""
    parser.add_argument(
        "--threads",
        type=positive_int,
        metavar="N",
        help="CPU threads (default: the number of cores)",
    )


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


def value_of_16_bits(text: str) -> int:
    """Read a whole number from 1 to 65535."""
    value = positive_int(text)
    if value > LARGEST_16_BITS:
        raise argparse.ArgumentTypeError(f"{text} is more than {LARGEST_16_BITS}")
    return value


def add_max_value_16bit(parser: argparse._ActionsContainer) -> None:
    """Declare what becomes white of values of 16 bits."""
    parser.add_argument(
        "--max-value-16bit",
        type=value_of_16_bits,
        default=LARGEST_16_BITS,
        metavar="VALUE",
        help=MAX_VALUE_16BIT_HELP,
    )


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


def fraction(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a number from 0 to 1")
    return value


def fixed_size(text: str) -> tuple[int, int]:
    """Read WIDTHxHEIGHT as ``(height, width)``."""
    size = read_size(text)
    if size is None:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted WIDTHxHEIGHT (640x480)")
    return size


def image_size(text: str) -> tuple[int, int] | Literal["image"]:
    """Read WIDTHxHEIGHT as ``(height, width)``, or the word image."""
    if text == "image":
        return "image"
    size = read_size(text)
    if size is None:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted WIDTHxHEIGHT (480x360) or image")
    return size


def read_size(text: str) -> tuple[int, int] | None:
    """Read WIDTHxHEIGHT as ``(height, width)`` in pixels, None where it is none."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    return (int(found[2]), int(found[1])) if found else None


def size_text(size: tuple[int, int]) -> str:
    """Write a ``(height, width)`` in pixels as WIDTHxHEIGHT, as people do."""
    return f"{size[1]}x{size[0]}"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a number") from None
