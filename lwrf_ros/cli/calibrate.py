# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf calibrate``: gives weights the temperature at which their confidence means something."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.cli.data_arguments import add_data
from lwrf_ros.configuration.engine_options import NETWORK, EngineOptions
from lwrf_ros.terminal.arguments import positive_float
from lwrf_ros.terminal.options import add_options

NAME = "calibrate"
HELP = "fit the temperature of weights to labelled images, so that confidence is a probability"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "weights", metavar="WEIGHTS", help="safetensors file, or bundled weights by name"
    )
    add_data(parser, required=False)
    parser.add_argument(
        "--temperature",
        type=positive_float,
        metavar="T",
        help="write this temperature, without data: for weights that were trained on all data, "
        "with the temperature of weights that were not",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="file to write; may be WEIGHTS",
    )
    parser.add_argument(
        "--plot", type=Path, metavar="PNG", help="write a reliability diagram, before and after"
    )
    add_options(
        parser,
        EngineOptions,
        *NETWORK,
        "device",
        "input_size",
        "precision",
        precision={"help": "default: %(default)s"},
    )


def run(arguments: argparse.Namespace) -> int:
    """Calibrate, and print what it gave."""
    from lwrf_ros.evaluation.calibration_run import run_calibration

    return run_calibration(arguments)
