# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf weights``: which weights come with the package, how good they are and how fast here."""

from __future__ import annotations

import argparse

from lwrf_ros.configuration.engine_options import EngineOptions
from lwrf_ros.terminal.options import add_options

NAME = "weights"
HELP = "list the bundled weights, or show everything that is known about one file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "name",
        nargs="?",
        default="",
        metavar="NAME",
        help="show everything that is known about these weights: a bundled name, or the path "
        "of a weights file, with a slash or a suffix (default: list the bundled ones)",
    )
    parser.add_argument(
        "--time",
        action="store_true",
        help="also measure how long a frame takes on this machine, at the input size of each",
    )
    add_options(
        parser,
        EngineOptions,
        "device",
        device={"help": "with --time: auto, cpu, cuda or cuda:N (default: %(default)s)"},
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Look, and print it."""
    from lwrf_ros.evaluation.weights_listing import show_weights

    return show_weights(arguments)
