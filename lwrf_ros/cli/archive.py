# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf archive``: every recording of a fleet through the engine, into a table to ask."""

from __future__ import annotations

import argparse
from pathlib import Path

from lwrf_ros.configuration.engine_options import NETWORK, EngineOptions
from lwrf_ros.terminal.arguments import fraction, positive_int
from lwrf_ros.terminal.options import add_options

NAME = "archive"
HELP = "run every recording of a fleet through the engine, into a table that answers questions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help="folder, recording, pattern, list (.txt, one a line), or the same in a bucket "
        "(s3://fleet/2026); with --frames the archive to ask",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="the archive's folder: frames/ (Parquet), recordings/, failures/; the same command "
        "again does only what is missing. With --frames the data set to write",
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="OLDER",
        help="compare with an older archive of the same recordings: OUT/differences.html and "
        ".json. Exit code: 0 within the limit, 1 beyond it",
    )
    parser.add_argument(
        "--max-coverage-change",
        type=fraction,
        default=1.0,
        metavar="0..1",
        help="with --against: greatest change of a class's share over all frames (default: any)",
    )
    parser.add_argument(
        "--frames",
        metavar="WHERE",
        help="extract the frames of an archive that a condition names, with first masks, for lwrf "
        'train: "coverage.person > 0.3 AND confidence < 0.7"',
    )
    parser.add_argument(
        "--labels",
        action="store_true",
        help="also write a bag of labels for each recording, as lwrf replay does",
    )
    parser.add_argument(
        "--bag-topic",
        action="append",
        default=[],
        metavar="TOPIC",
        help="image topic of the bags; may be given again (default: all that a bag has)",
    )
    parser.add_argument(
        "--robot",
        default="",
        metavar="REGEX",
        help="finds the robot in a recording's path by its group robot: 'fleet/(?P<robot>[^/]+)/' "
        "(default: what a bag's custom_data says)",
    )
    parser.add_argument("--regions", default="", metavar="YAML", help="regions to count apart")
    parser.add_argument(
        "--alert",
        action="append",
        default=[],
        metavar="ALERT",
        help="as the node's coverage_alerts: person>0.05; may be given again",
    )
    workers = parser.add_argument_group("workers")
    workers.add_argument(
        "--workers", type=positive_int, metavar="N", help="processes (default: one a core)"
    )
    workers.add_argument(
        "--threads", type=positive_int, default=1, metavar="N", help="threads of each (default: 1)"
    )
    workers.add_argument(
        "--ray",
        metavar="auto|ADDRESS",
        help="run on this Ray cluster instead; OUT must be a folder that all its nodes see",
    )
    network = parser.add_argument_group("network")
    add_options(
        network,
        EngineOptions,
        "weights",
        *NETWORK,
        "class_groups",
        "device",
        "input_size",
        "precision",
        "min_confidence",
    )


def run(arguments: argparse.Namespace) -> int:
    """Bring the archive up to date, compare it, or extract frames."""
    from lwrf_ros.archive.archive_command import archive_command

    return archive_command(arguments)
