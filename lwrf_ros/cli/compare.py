# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf compare``: two replays of a recording, of two models, precisions or versions."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.cli.comparison_arguments import add_limits
from lwrf_ros.terminal.options import options_of

NAME = "compare"
HELP = "compare two outputs of lwrf replay: equal pixels, coverage and IoU by class, pictures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="output")
    parser.add_argument(
        "golden", type=Path, metavar="GOLDEN", help="output of the replay to compare with"
    )
    parser.add_argument("current", type=Path, metavar="NOW", help="output of the other replay")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="folder for comparison.json, frames.csv and pictures of the ten frames that changed "
        "most (default: only text)",
    )
    add_limits(parser)
    parser.epilog = "Exit code: 0 the same within the limits, 1 different, 2 an error."


def run(arguments: argparse.Namespace) -> int:
    """Compare, and print what was found."""
    from lwrf_ros.replay.compare_command import compare_folders
    from lwrf_ros.replay.comparison import Limits

    return compare_folders(
        arguments.golden.expanduser(),
        arguments.current.expanduser(),
        options_of(Limits, arguments),
        arguments.output and arguments.output.expanduser(),
        arguments.json,
    )
