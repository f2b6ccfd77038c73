# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf soak``: the node for minutes under faults of all kinds, and what it holds afterwards."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from lwrf_ros.terminal.arguments import non_negative_int, positive_float, positive_int
from lwrf_ros.terminal.exit_codes import EXIT_DONE, EXIT_UNEXPECTED

NAME = "soak"
HELP = (
    "run the node for minutes with cameras that change, send rubbish and crash; print "
    "what grew and what became of every frame"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(claims="logs")
    parser.add_argument(
        "--minutes",
        type=positive_float,
        default=10.0,
        help="how long to run (default: %(default)s)",
    )
    parser.add_argument(
        "--cameras", type=positive_int, default=4, help="number of cameras (default: %(default)s)"
    )
    parser.add_argument(
        "--seed",
        type=non_negative_int,
        default=0,
        help="seed of the sequence of faults (default: %(default)s)",
    )
    parser.add_argument(
        "--most-side",
        type=positive_int,
        default=640,
        metavar="PIXELS",
        help="longest side of an image (default: %(default)s)",
    )
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME:=VALUE",
        help="a parameter of the node, as for ros2 run; may be repeated (default: a small "
        "network with random weights)",
    )
    parser.add_argument(
        "--logs",
        type=Path,
        metavar="FOLDER",
        help="folder for samples.csv and the logs of all processes (default: a temporary one)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Soak, print the report, and say by the exit code whether anything is wrong."""
    from lwrf_ros.errors import LwrfError
    from lwrf_ros.experiments.soak.soak_run import SoakOptions, run_soak

    parameters = {"weights": "random", "input_width": "64", "input_height": "64"}
    for text in arguments.parameter:
        name, given, value = text.partition(":=")
        if not given:
            raise LwrfError(f"--parameter is {text!r}; wanted NAME:=VALUE")
        parameters[name] = value
    folder = arguments.logs or Path(tempfile.mkdtemp(prefix="lwrf_soak_"))
    print(f"logs in {folder}", flush=True)
    report = run_soak(
        SoakOptions(
            seconds=arguments.minutes * 60,
            cameras=arguments.cameras,
            seed=arguments.seed,
            most_side_px=arguments.most_side,
            parameters=parameters,
            folder=folder,
        )
    )
    print(report, flush=True)
    return EXIT_UNEXPECTED if report.problems else EXIT_DONE
